#ifndef KVSTATE_BACKENDS_COMMON_BACKEND_BASE_H_
#define KVSTATE_BACKENDS_COMMON_BACKEND_BASE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/common/key_context.h"
#include "backends/common/ttl_cleaner.h"
#include "backends/common/ttl_state.h"
#include "backends/common/value_migration.h"
#include "kvstate/backend_registry.h"
#include "kvstate/checkpoint.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::backends {

/// What is the same in every backend: the current key, the table of states, what is refused, walking all keys, and time
/// to live.
///
/// A state with a time to live is two objects: the stored state, which the derived backend makes and knows, of values
/// with their times beside them; and what the program sees, which is made over it here (ttl_state.h).
class BackendBase : public KeyedStateBackend, public TtlSweep {
 public:
  std::string_view name() const final { return name_; }
  const TypeSerializer& key_serializer() const final { return *key_.key_serializer(); }
  uint32_t max_parallelism() const final { return key_.max_parallelism(); }
  KeyGroupRange key_group_range() const final { return key_.range(); }

  Status SetCurrentKey(const EncodedKey& key) override {
    if (does_more_at_keys_) [[unlikely]]
      return SetKeyAndClean(key);
    return key_.Set(key);
  }
  ByteView current_key() const final { return key_.bytes(); }
  uint32_t current_key_group() const final { return key_.key_group(); }

  Result<InternalKVState*> GetOrCreateState(SerializerPtr namespace_serializer,
                                            const StateDescriptor& descriptor) final;
  Result<std::unique_ptr<KeyIterator>> Keys(std::string_view state_name, ByteView state_namespace) final;
  Result<std::unique_ptr<KeyIterator>> KeysAndNamespaces(std::string_view state_name) final;
  Status ApplyToAllKeys(std::string_view state_name, ByteView state_namespace,
                        const std::function<Status(ByteView key, InternalKVState& state)>& function) final;
  Result<uint64_t> NumEntries() final;
  std::vector<std::string> StateNames() const final;
  Status RemoveState(std::string_view state_name) final;
  Status Dispose() final;
  void* GetExtension(std::string_view id) override;

  Result<bool> Sweep(uint64_t max_entries) final;
  std::vector<TtlFigures> Figures() const final;
  Status VisitStored(std::string_view state_name, const std::function<Status(const TimedValue& value)>& visit) final;

 protected:
  /// REQUIRES: options passed CheckOptions.
  BackendBase(std::string_view name, const BackendOptions& options);
  ~BackendBase() override;

  /// What no backend can work without: key serializer, key groups, directory where one is needed.
  static Status CheckOptions(const BackendOptions& options, bool needs_directory);

  bool disposed() const { return disposed_; }
  /// Whether SetCurrentKey has more to do than to set the key: when disposed of, and when cleanup counts records.
  bool does_more_at_keys() const { return does_more_at_keys_; }
  const std::shared_ptr<const Clock>& clock() const { return clock_; }
  KeyContext& key_context() { return key_; }
  const KeyContext& key_context() const { return key_; }

  // --- for the derived backend to give; each is called with valid arguments, on a backend that is not disposed; states
  // are always the stored ones ---

  /// An unclaimed state that a new one takes over.
  struct Restored {
    const SavedState* saved = nullptr;
    ValueMigration* migration = nullptr;  ///< What all its values must pass first; null: they stay as they are.
    bool description_changes = false;     ///< As TakeOver's.
  };
  /// A state of a validated descriptor. The pointer's most derived type implements the interface of descriptor.kind.
  /// `restored`: what it takes over; null: it is new. After a failure the unclaimed state is as it was, or, where a
  /// migration failed halfway, the backend takes no more snapshots.
  virtual Result<std::unique_ptr<InternalKVState>> MakeState(SerializerPtr namespace_serializer,
                                                             const StateDescriptor& descriptor,
                                                             const Restored* restored) = 0;
  /// Over a state of a TtlStoredDescriptor, which outlives it.
  virtual std::unique_ptr<TtlWalk> MakeWalk(InternalKVState& state) = 0;
  /// The TtlValueState over parts.stored, which MakeState made.
  virtual std::unique_ptr<InternalKVState> MakeTtlValueState(TtlStateParts parts) = 0;
  /// Whether the engine drops expired values while it compacts (TtlCleanup::compaction_filter).
  virtual bool HasCompactionFilter() const { return false; }
  /// Lets the engine begin to rewrite what of a state is mostly expired. For HasCompactionFilter.
  virtual Status SweepEngine(InternalKVState& /*state*/) { return Status(); }
  /// Sets the members of figures that are the engine's.
  virtual void AddEngineFigures(InternalKVState& /*state*/, TtlFigures* /*figures*/) const {}
  /// Drops what the state holds; the object is destroyed afterwards.
  virtual Status DropState(InternalKVState& state) = 0;
  /// Keys under one namespace, or (`state_namespace` null) all pairs. Tolerates changes as KeyIterator promises.
  virtual Result<std::unique_ptr<KeyIterator>> WalkKeys(InternalKVState& state, const ByteView* state_namespace) = 0;
  virtual Result<uint64_t> CountEntries(InternalKVState& state) = 0;
  /// The same for a restored state that nobody asked for yet.
  virtual Status DropUnclaimed(const SavedState& state) = 0;
  virtual Result<uint64_t> CountUnclaimed(const SavedState& state) = 0;
  /// Whether the state has a current namespace, which may be the empty one.
  virtual bool HasNamespace(InternalKVState& state) const = 0;
  /// Called once, before state objects are destroyed.
  virtual void OnDispose() {}
  /// Called once, after every state object is destroyed: close, and remove files.
  virtual Status Close() = 0;

  /// The stored states, in the order in which they were made.
  std::vector<InternalKVState*> States() const;
  /// Restored states that GetOrCreateState was not called for. Set by a restore, on a backend without states.
  const std::vector<SavedState>& unclaimed() const { return unclaimed_; }
  void SetUnclaimed(std::vector<SavedState> states) { unclaimed_ = std::move(states); }
  void ForgetUnclaimed(std::string_view state_name) { unclaimed_.erase(FindUnclaimed(state_name)); }
  Status DisposedError() const;

  /// The derived class's destructor must call this, so that Close still finds it whole.
  void DisposeInDestructor() { Dispose().IgnoreError(); }

 private:
  struct Registered {
    SerializerSnapshot namespace_snapshot;
    SerializerPtr value_serializer;  ///< As the program gave it.
    std::unique_ptr<InternalKVState> stored;
    // Of a state with a time to live.
    std::unique_ptr<TtlCleaner> cleaner;
    std::unique_ptr<InternalKVState> over_stored;
    bool swept = false;  ///< By calls of Sweep since the last one that gave true.

    /// What the program has.
    InternalKVState& state() const { return over_stored != nullptr ? *over_stored : *stored; }
  };

  Result<Registered*> FindState(std::string_view state_name);
  std::vector<SavedState>::iterator FindUnclaimed(std::string_view state_name);
  Status CheckSame(const Registered& existing, const TypeSerializer& namespace_serializer,
                   const StateDescriptor& descriptor) const;
  Status CheckCleanup(const StateDescriptor& descriptor) const;
  bool IsFiltered(const TtlCleanup& cleanup) const;
  uint32_t EntriesPerAccess(const TtlCleanup& cleanup) const;
  /// Makes what stands over a stored state.
  void AddTtl(const StateDescriptor& descriptor, Registered* registered);
  [[gnu::noinline]] Status SetKeyAndClean(const EncodedKey& key);
  void FindPerRecordCleaners();
  std::vector<Registered*> StatesToSweep();
  Result<std::unique_ptr<KeyIterator>> WalkStateKeys(const Registered& registered, const ByteView* state_namespace);

  const std::string name_;
  const std::shared_ptr<const Clock> clock_;
  KeyContext key_;
  std::vector<Registered> states_;
  std::vector<SavedState> unclaimed_;
  std::vector<TtlCleaner*> per_record_cleaners_;  ///< Of states whose cleanup counts records, too.
  bool is_sweeping_ = false;                      ///< A pass of Sweep over all states has begun and is not complete.
  size_t sweep_turn_ = 0;                         ///< Which state a sweep of fewer entries than states begins with.
  bool disposed_ = false;
  bool does_more_at_keys_ = false;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_BACKEND_BASE_H_

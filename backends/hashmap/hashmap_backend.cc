#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/snapshot_backend.h"
#include "backends/hashmap/state_core.h"
#include "backends/hashmap/state_visitor.h"
#include "backends/hashmap/states.h"
#include "kvstate/backend_registry.h"
#include "kvstate/engine_statistics.h"

namespace kvstate::backends::hashmap {

std::unique_ptr<BackendFactory> MakeFactory();

namespace {

constexpr std::string_view kName = "hashmap";

StateCore& CoreOf(InternalKVState& state) {
  // Every state that MakeState makes is one.
  return dynamic_cast<StateCore&>(state);
}

/// Keyed state as live objects in hash tables, one for each state and key group.
class HashMapBackend final : public SnapshotBackend, public EngineStatistics {
 public:
  static Result<std::unique_ptr<KeyedStateBackend>> Open(const BackendOptions& options) {
    KVSTATE_RETURN_IF_ERROR(CheckOptions(options, /*needs_directory=*/false));
    if (!options.engine.empty()) {
      return InvalidArgumentError("backend 'hashmap': unknown engine option '" + options.engine.begin()->first +
                                  "'; it has none");
    }
    return std::unique_ptr<KeyedStateBackend>(new HashMapBackend(options));
  }
  ~HashMapBackend() override { DisposeInDestructor(); }

  Status SetCurrentKey(const EncodedKey& key) override {
    if (disposed() || !key_context().SetWord(key)) [[unlikely]]
      return SetAnyKey(key);
    if (const StateCore* state = current_key_.WordWasSet()) state->Prefetch(current_key_group(), current_key_.hash());
    return Status();
  }

  void* GetExtension(std::string_view id) override {
    if (id == EngineStatistics::kExtensionId) return static_cast<EngineStatistics*>(this);
    return SnapshotBackend::GetExtension(id);
  }

  Result<EngineCounters> Collect() override {
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    EngineCounters counters;
    uint64_t bytes = 0;
    for (const StateCore* state : states_) {
      const std::optional<uint64_t> of_state = state->MemoryBytes();
      if (!of_state.has_value()) return counters;
      bytes += *of_state;
    }
    counters.memory_bytes = bytes;
    return counters;
  }
  Status Flush(bool) override { return CheckOpen(); }

 protected:
  Result<std::unique_ptr<InternalKVState>> MakeState(SerializerPtr namespace_serializer,
                                                     const StateDescriptor& descriptor,
                                                     const SavedState* /*restored*/) override {
    std::unique_ptr<InternalKVState> state = MakeStateOfKind(std::move(namespace_serializer), descriptor);
    states_.push_back(&CoreOf(*state));
    return state;
  }
  Status DropState(InternalKVState& state) override {
    std::erase(states_, &CoreOf(state));
    return Status();
  }
  Result<std::unique_ptr<KeyIterator>> WalkKeys(InternalKVState& state, const ByteView* state_namespace) override {
    return MakeKeyIterator(CoreOf(state), state_namespace);
  }
  Result<uint64_t> CountEntries(InternalKVState& state) override { return CoreOf(state).entry_count(); }
  Status DropUnclaimed(const SavedState&) override { return Status(); }
  Result<uint64_t> CountUnclaimed(const SavedState&) override { return uint64_t{0}; }
  Result<std::unique_ptr<SnapshotWork>> BeginSnapshot(const SnapshotWriter&, const KeyedStateHandle&) override {
    return UnimplementedError("snapshots of hashmap");
  }
  void OnConfirmed(uint64_t) override {}
  void OnAborted(uint64_t) override {}
  bool Restores(std::string_view format) const override { return format == kStateStreamFormat; }
  Status RestoreFrom(const RestorePlan&) override { return UnimplementedError("restore of hashmap"); }
  Status EmptyAgain() override { return Status(); }
  bool HasNamespace(InternalKVState& state) const override { return CoreOf(state).has_namespace(); }
  Status Close() override {
    states_.clear();
    open_ = false;
    return Status();
  }

 private:
  explicit HashMapBackend(const BackendOptions& options)
      : SnapshotBackend(kName, options), current_key_(key_context()) {}

  /// Apart from the common case, which then needs no stack frame.
  [[gnu::noinline]] Status SetAnyKey(const EncodedKey& key) { return BackendBase::SetCurrentKey(key); }

  Status CheckOpen() const {
    return open_ ? Status() : FailedPreconditionError("backend 'hashmap' is disposed of; make a new one");
  }

  std::unique_ptr<InternalKVState> MakeStateOfKind(SerializerPtr namespace_serializer,
                                                   const StateDescriptor& descriptor) {
    CurrentKey& key = current_key_;
    switch (descriptor.kind) {
      case StateKind::kValue:
        return MakeValueState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kList:
        return MakeListState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kReducing:
        return MakeReducingState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kAggregating:
        return MakeAggregatingState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kFolding:
        return MakeFoldingState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kMap:
        break;
    }
    return MakeMapState(key, std::move(namespace_serializer), descriptor);
  }

  CurrentKey current_key_;
  std::vector<const StateCore*> states_;
  bool open_ = true;
};

class HashMapFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return kName; }
  std::string_view description() const override {
    return "live objects in hash tables in memory: the fastest, for state that fits there";
  }
  bool needs_directory() const override { return false; }
  std::vector<EngineOption> options() const override { return {}; }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    return HashMapBackend::Open(options);
  }
};

}  // namespace

std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<HashMapFactory>(); }

}  // namespace kvstate::backends::hashmap

#ifndef KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_BACKEND_H_
#define KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_BACKEND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/checkpoint/backend_timers.h"
#include "backends/checkpoint/snapshot_writer.h"
#include "backends/common/backend_base.h"
#include "kvstate/snapshots.h"

namespace kvstate::backends {

/// What a checked Restore is to read.
struct RestorePlan {
  /// Each overlaps the backend's range; together they cover it. Without timers on the heap.
  std::span<const KeyedStateHandle> handles;
  std::shared_ptr<CheckpointStorage> storage;
  RestoreOptions options;
  /// The states of all handles, each name once, without engine_data where handles differ in it.
  std::vector<SavedState> states;
};

/// The Snapshots of every backend: what is refused, ids, tasks, and the restored states that nobody asked for yet. And
/// its Timers: those on the heap are added to snapshots here, and taken off before a backend restores the rest.
class SnapshotBackend : public BackendBase, public Snapshots, private TimersHost {
 public:
  Result<std::unique_ptr<SnapshotTask>> Snapshot(uint64_t checkpoint_id, std::shared_ptr<CheckpointStorage> storage,
                                                 const SnapshotOptions& options) final;
  Status NotifyComplete(uint64_t checkpoint_id) final;
  Status NotifyAborted(uint64_t checkpoint_id) final;
  Status Restore(std::span<const KeyedStateHandle> handles, std::shared_ptr<CheckpointStorage> storage,
                 const RestoreOptions& options) final;
  std::vector<SavedState> UnclaimedStates() const final;
  void* GetExtension(std::string_view id) override;

 protected:
  SnapshotBackend(std::string_view name, const BackendOptions& options);
  ~SnapshotBackend() override;

  /// A handle of the snapshot with everything set but format and files. Its states are those that the backend has, in
  /// order: claimed ones, with the engine_data that EngineDataOf gives, then those of MakeStoreQueue, then unclaimed
  /// ones as they were restored.
  KeyedStateHandle NewHandle(const SnapshotWriter& writer) const;

  // --- for the derived backend to give, besides what BackendBase asks for ---

  /// The synchronous part. `handle` is NewHandle's; the work completes it. The work must not touch the backend, but
  /// what it was given here. States may be removed while it runs.
  virtual Result<std::unique_ptr<SnapshotWork>> BeginSnapshot(const SnapshotWriter& writer,
                                                              const KeyedStateHandle& handle) = 0;
  /// A checkpoint, never a savepoint, is confirmed: later increments build on it. Ids ascend.
  virtual void OnConfirmed(uint64_t checkpoint_id) = 0;
  /// A checkpoint will never be confirmed.
  virtual void OnAborted(uint64_t checkpoint_id) = 0;
  /// Whether Restore reads that format; each backend reads kStateStreamFormat.
  virtual bool Restores(std::string_view format) const = 0;
  /// Reads all that the plan has in this backend's range; the states are unclaimed afterwards. Called on an empty
  /// backend; after a failure EmptyAgain follows.
  virtual Status RestoreFrom(const RestorePlan& plan) = 0;
  /// Drops whatever a failed RestoreFrom left.
  virtual Status EmptyAgain() = 0;
  /// SavedState::engine_data of a state that the backend has.
  virtual std::string EngineDataOf(InternalKVState&) const { return {}; }

  // Of timers: those of its own storage, if it has one for them, and restored ones.
  bool HasTimerStore() const override { return false; }
  Result<std::unique_ptr<BackendTimerQueue>> MakeStoreQueue(SerializerPtr namespace_serializer, std::string_view queue,
                                                            const SavedState& saved, bool restored) override {
    return TimersHost::MakeStoreQueue(std::move(namespace_serializer), queue, saved, restored);
  }
  Status ForEachUnclaimedTimer(const SavedState& state,
                               const std::function<Status(uint32_t key_group, ByteView key)>& visit) override = 0;

 private:
  void OnDispose() final {
    runs_.EndAll();
    timers_.Dispose();
  }
  const KeyContext& TimerKeys() const final { return key_context(); }
  Status CheckUsable() const final { return disposed() ? DisposedError() : Status(); }
  const SavedState* FindUnclaimedTimers(std::string_view state_name) const final;
  Status DropUnclaimedTimers(const SavedState& state) final;
  void ForgetUnclaimedTimers(std::string_view state_name) final { ForgetUnclaimed(state_name); }
  Status RestoreParts(RestorePlan& plan, std::span<KeyedStateHandle> handles);
  Status CheckRestorable(std::span<const KeyedStateHandle> handles) const;
  Status CheckHandle(const KeyedStateHandle& handle) const;

  SnapshotRuns runs_;
  BackendTimers timers_{*this};
  uint64_t last_snapshot_id_ = 0;
  std::vector<uint64_t> pending_;  ///< Checkpoints that were begun and neither confirmed nor aborted.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_BACKEND_H_

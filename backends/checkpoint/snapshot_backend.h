#ifndef KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_BACKEND_H_
#define KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_BACKEND_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/snapshot_writer.h"
#include "backends/common/backend_base.h"
#include "kvstate/snapshots.h"

namespace kvstate::backends {

/// What a checked Restore is to read.
struct RestorePlan {
  std::span<const KeyedStateHandle> handles;  ///< Each overlaps the backend's range; together they cover it.
  std::shared_ptr<CheckpointStorage> storage;
  RestoreOptions options;
  /// The states of all handles, each name once, without engine_data where handles differ in it.
  std::vector<SavedState> states;
};

/// The Snapshots of every backend: what is refused, ids, tasks, and the restored states that nobody asked for yet.
class SnapshotBackend : public BackendBase, public Snapshots {
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
  /// order: claimed ones, with the engine_data that EngineDataOf gives, then unclaimed ones as they were restored.
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

 private:
  void OnDispose() final { runs_.EndAll(); }
  Status CheckRestorable(std::span<const KeyedStateHandle> handles) const;
  Status CheckHandle(const KeyedStateHandle& handle) const;

  SnapshotRuns runs_;
  uint64_t last_snapshot_id_ = 0;
  uint64_t last_confirmed_id_ = 0;
  std::vector<uint64_t> pending_;  ///< Checkpoints that were begun and neither confirmed nor aborted.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_BACKEND_H_

#ifndef KVSTATE_CHECKPOINT_STORE_H_
#define KVSTATE_CHECKPOINT_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/clock.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

struct CheckpointStoreOptions {
  uint32_t retained = 1;               ///< Checkpoints kept, at least 1. Savepoints are kept for ever.
  uint64_t first_id = 1;               ///< Of a new storage, at least 1: one more than what was restored from another.
  std::shared_ptr<const Clock> clock;  ///< For timestamps; null: the system's.
};

/// The checkpoints in one CheckpointStorage, and who refers to which of their files (SharedStateRegistry): completes,
/// subsumes and aborts them, and leaves nothing behind. The coordinator's side of a snapshot; one for each storage that
/// is written to, which an ExclusiveStorage sees to. Thread-safe.
///
///   id = store->Begin(); each backend: Snapshot(id, …), Run; store->Complete(id, kind, handles);
///   each backend: NotifyComplete(id).
///
/// Layout: `chk-<id>/_metadata` and the files of that checkpoint alone; `shared/` with those that several refer to;
/// `savepoint-<id>/`. Names under shared/ start with "<id>-" of the checkpoint that wrote them.
class KVSTATE_EXPORT CheckpointStore {
 public:
  /// Reads what is there. A checkpoint whose `_metadata` is damaged is an error (DATA_LOSS, naming it): nothing is
  /// removed before it is known to be useless. Removes what killed processes left half-written, as RemoveOrphans does.
  /// FAILED_PRECONDITION when another CheckpointStore has the storage.
  static Result<std::unique_ptr<CheckpointStore>> Open(std::shared_ptr<CheckpointStorage> storage,
                                                       const CheckpointStoreOptions& options);
  ~CheckpointStore();
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  const std::shared_ptr<CheckpointStorage>& storage() const;

  /// The id of a new checkpoint or savepoint: one more than any given before, or found in the storage when it was
  /// opened, if only in the name of an orphan. Its files are no orphans from now on, nor is what it may build on: all
  /// that is complete while it runs.
  uint64_t Begin();
  /// Writes its `_metadata`; only then does it exist. Then subsumes checkpoints beyond the newest `retained`, with
  /// those of their files that no other refers to; a failure to remove is not one to complete, and RemoveOrphans tries
  /// again. On failure the checkpoint does not exist and should be aborted. FAILED_PRECONDITION when `checkpoint_id` is
  /// not one that runs; INVALID_ARGUMENT when handles overlap, or differ in what they must share.
  Status Complete(uint64_t checkpoint_id, SnapshotKind kind, std::vector<KeyedStateHandle> handles);
  /// The same of a checkpoint that has operator state or raw streams, too; its timestamp is set here. INVALID_ARGUMENT
  /// also when an operator's handles are not one of each of its subtasks.
  Status Complete(CheckpointMetadata checkpoint);
  /// Removes what a checkpoint that runs has written, files that confirmed ones refer to excepted. It runs no more,
  /// whatever fails; RemoveOrphans removes what is left then. FAILED_PRECONDITION when it does not run.
  Status Abort(uint64_t checkpoint_id);

  /// Of complete ones, ascending by id; savepoints among them.
  std::vector<CheckpointMetadata> Completed() const;
  /// NOT_FOUND when there is none.
  Result<CheckpointMetadata> Latest() const;
  /// Removes a complete checkpoint or savepoint, and what it alone refers to. NOT_FOUND when there is none. When only
  /// some of its files could not be removed, it is gone nevertheless, and they are RemoveOrphans' to remove.
  Status Discard(uint64_t checkpoint_id);
  /// Removes every file that neither a complete nor a running checkpoint has, and nothing that is not of this layout.
  /// Gives the paths removed.
  Result<std::vector<std::string>> RemoveOrphans();

 private:
  struct Impl;
  explicit CheckpointStore(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// The `_metadata` in `folder` ("chk-7") of a storage, verified. NOT_FOUND when there is none.
KVSTATE_EXPORT Result<CheckpointMetadata> ReadCheckpointMetadata(CheckpointStorage& storage, std::string_view folder);
/// Reads every file of a checkpoint to its end: DATA_LOSS, naming the first that is missing or damaged.
KVSTATE_EXPORT Status VerifyCheckpoint(CheckpointStorage& storage, const CheckpointMetadata& metadata);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_CHECKPOINT_STORE_H_

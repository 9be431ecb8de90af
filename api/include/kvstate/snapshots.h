#ifndef KVSTATE_SNAPSHOTS_H_
#define KVSTATE_SNAPSHOTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

struct SnapshotOptions {
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  /// Compresses state streams with zstd. An engine's own files stay as the engine wrote them.
  bool compress = false;
  uint32_t transfer_threads = 4;  ///< For an engine's files, at least 1.
};

/// What a snapshot cost. docs/metrics.md defines each.
struct SnapshotFigures {
  uint64_t bytes_written = 0;  ///< To the storage.
  uint64_t bytes_reused = 0;   ///< Of files that an earlier checkpoint wrote and this one refers to.
  uint64_t files_new = 0;
  uint64_t files_reused = 0;
  uint64_t synchronous_time_ns = 0;
  uint64_t asynchronous_time_ns = 0;
  std::optional<uint64_t> entries_written;  ///< Removals included; streams alone.
};

struct SnapshotResult {
  KeyedStateHandle handle;
  SnapshotFigures figures;
};

/// The asynchronous part of a snapshot. It may be destroyed, and outlive its backend, at any time.
class KVSTATE_EXPORT SnapshotTask {
 public:
  /// Cancels it if it has not run. REQUIRES: Run is not running.
  virtual ~SnapshotTask();
  /// Writes the snapshot to the storage, beside the owner's calls on the backend. On any one thread, once.
  /// CANCELLED after Cancel, or when the backend was disposed of; RESOURCE_EXHAUSTED when the storage is full. A
  /// failure removes what was written and leaves the backend as it is; the next snapshot does not build on this one.
  virtual Result<SnapshotResult> Run() = 0;
  /// Makes Run stop soon, or not start. Any thread, any number of times.
  virtual void Cancel() = 0;
};

struct RestoreOptions {
  /// The handles' files belong to who goes on from them: the next incremental checkpoint, into the same storage, may
  /// refer to them. Else (no claim) it writes everything, and they are only read.
  bool claim = false;
  uint32_t transfer_threads = 4;  ///< For an engine's files, at least 1.
};

/// Extension of a KeyedStateBackend: all state of one moment into a CheckpointStorage, and back. Owner's thread.
///
/// Several snapshots may run at once. An incremental one builds on the last checkpoint of this backend that was
/// confirmed (NotifyComplete), never on one that merely ran; the first is therefore full in size.
class KVSTATE_EXPORT Snapshots {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.snapshots.1";
  virtual ~Snapshots();

  /// The synchronous part: takes the state as it is now. Ids are given by the caller, each once and ascending;
  /// INVALID_ARGUMENT otherwise. Disposing of the backend cancels what still runs, waits for it, and leaves no files.
  virtual Result<std::unique_ptr<SnapshotTask>> Snapshot(uint64_t checkpoint_id,
                                                         std::shared_ptr<CheckpointStorage> storage,
                                                         const SnapshotOptions& options) = 0;

  /// Of checkpoints, to be called when `_metadata` is written, or it is known that it never will be. An id that this
  /// backend does not know, or that is older than one confirmed already, is fine and changes nothing.
  virtual Status NotifyComplete(uint64_t checkpoint_id) = 0;
  /// The aborted checkpoint's files are the CheckpointStore's to remove.
  virtual Status NotifyAborted(uint64_t checkpoint_id) = 0;

  /// Fills this backend, which must be new and without states (FAILED_PRECONDITION otherwise), with what `handles` have
  /// in its range of key groups, whatever the ranges they were taken at. Every byte is verified before any is served.
  /// DATA_LOSS, naming the file, when one is missing or damaged; INVALID_ARGUMENT when a handle has another max
  /// parallelism or key serializer, a format this backend does not read, or when a key group of the range is in no
  /// handle. After a failure the backend is empty and can be used or restored again.
  ///
  /// A restored state is in every snapshot, whether or not it is ever asked for. GetOrCreateState gives it when kind
  /// and serializers are compatible, and is INVALID_ARGUMENT, changing nothing, when they are not.
  virtual Status Restore(std::span<const KeyedStateHandle> handles, std::shared_ptr<CheckpointStorage> storage,
                         const RestoreOptions& options) = 0;

  /// Restored states that GetOrCreateState has not been called for.
  virtual std::vector<SavedState> UnclaimedStates() const = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_SNAPSHOTS_H_

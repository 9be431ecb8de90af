#ifndef KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_WRITER_H_
#define KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_WRITER_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/stored_file.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/snapshots.h"

namespace kvstate::backends {

/// What one running snapshot writes to its storage: gives paths that nobody else has, remembers them for the case that
/// it fails, and adds up its figures. Thread-safe, for several transfer threads.
class SnapshotWriter {
 public:
  SnapshotWriter(std::shared_ptr<CheckpointStorage> storage, uint64_t checkpoint_id, KeyGroupRange key_groups,
                 const SnapshotOptions& options);

  CheckpointStorage& storage() const { return *storage_; }
  uint64_t checkpoint_id() const { return checkpoint_id_; }
  const SnapshotOptions& options() const { return options_; }
  CancelFlag& cancelled() { return cancelled_; }

  /// A free path under shared/, or in the checkpoint's own folder, whose last part ends with `name`.
  std::string NewPath(bool shared, std::string_view name);

  /// To be called for each file of the snapshot.
  void AddNew(const StoredFile& file);
  void AddReused(const StoredFile& file);
  void AddEntries(uint64_t entries);
  SnapshotFigures figures() const;

  /// Removes every path that NewPath gave.
  void RemoveAll();

 private:
  const std::shared_ptr<CheckpointStorage> storage_;
  const uint64_t checkpoint_id_;
  const std::string unique_;  ///< Range and random digits: in every name, so that it is nobody else's.
  const SnapshotOptions options_;
  CancelFlag cancelled_{false};

  mutable std::mutex mutex_;
  std::vector<std::string> paths_;  ///< Guarded by mutex_, as figures_ is.
  SnapshotFigures figures_;
};

/// What the synchronous part of a snapshot hands to the asynchronous one: holds on to a view of the engine, which its
/// destructor lets go. Write is called at most once; it, and the destructor, on any one thread, beside the owner's
/// calls.
class SnapshotWork {
 public:
  virtual ~SnapshotWork() = default;
  virtual Result<KeyedStateHandle> Write(SnapshotWriter& writer) = 0;
};

/// The snapshots of one backend that have not ended. Thread-safe.
class SnapshotRuns {
 public:
  SnapshotRuns();
  /// REQUIRES: EndAll was called, or no task was made.
  ~SnapshotRuns();

  /// The task that runs `work`. `begun_ns` is when the synchronous part began, by the steady clock.
  std::unique_ptr<SnapshotTask> MakeTask(std::unique_ptr<SnapshotWork> work, std::shared_ptr<SnapshotWriter> writer,
                                         uint64_t begun_ns);
  /// Cancels all, and waits until every work is destroyed. Tasks live on, and answer CANCELLED.
  void EndAll();

  struct Shared;

 private:
  const std::shared_ptr<Shared> shared_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_SNAPSHOT_WRITER_H_

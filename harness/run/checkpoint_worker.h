#ifndef KVSTATE_HARNESS_RUN_CHECKPOINT_WORKER_H_
#define KVSTATE_HARNESS_RUN_CHECKPOINT_WORKER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "kvstate/checkpoint_store.h"
#include "kvstate/snapshots.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What came of the asynchronous part of a checkpoint.
struct CheckpointOutcome {
  Status status;
  SnapshotFigures figures;
  uint64_t asynchronous_time_ns = 0;  ///< From the thread's start of SnapshotTask::Run to its end.
  uint64_t completion_time_ns = 0;    ///< Of CheckpointStore::Complete.
};

/// The thread beside a replay: runs one checkpoint's asynchronous part at a time, and completes it in the store, as a
/// coordinator would. Its methods are the replay's thread's.
class CheckpointWorker {
 public:
  /// `wake` is called on the worker's thread when Run has ended, and when all has. Savepoints are retained as
  /// checkpoints are. `store` must outlive the worker.
  CheckpointWorker(CheckpointStore* store, uint32_t retained, std::function<void()> wake);
  /// Cancels what runs, which is aborted in the store unless it is complete already.
  ~CheckpointWorker();
  CheckpointWorker(const CheckpointWorker&) = delete;
  CheckpointWorker& operator=(const CheckpointWorker&) = delete;

  /// REQUIRES: not busy.
  void Start(uint64_t checkpoint_id, SnapshotKind kind, std::unique_ptr<SnapshotTask> task);
  /// From Start until the outcome was taken.
  bool busy() const { return busy_; }
  /// Run has ended; the checkpoint may not be complete yet.
  bool has_run() const;
  /// When there is one.
  std::optional<CheckpointOutcome> TakeOutcome();
  /// Waits for it; cancels when `stopped` says so. REQUIRES: busy.
  CheckpointOutcome AwaitOutcome(const std::function<bool()>& stopped);

 private:
  void Loop();
  CheckpointOutcome RunOne(uint64_t checkpoint_id, SnapshotKind kind);
  Status Complete(uint64_t checkpoint_id, SnapshotKind kind, KeyedStateHandle handle);

  CheckpointStore& store_;
  const uint32_t retained_;
  const std::function<void()> wake_;
  bool busy_ = false;  ///< The replay's thread's.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_. The task itself is the worker's from Start until the outcome, but for Cancel.
  std::unique_ptr<SnapshotTask> task_;
  uint64_t checkpoint_id_ = 0;
  SnapshotKind kind_ = SnapshotKind::kFullCheckpoint;
  bool has_work_ = false;
  bool has_run_ = false;
  bool ends_ = false;
  std::optional<CheckpointOutcome> outcome_;

  std::thread thread_;  ///< Last: it uses all of the above.
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_CHECKPOINT_WORKER_H_

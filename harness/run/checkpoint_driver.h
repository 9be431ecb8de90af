#ifndef KVSTATE_HARNESS_RUN_CHECKPOINT_DRIVER_H_
#define KVSTATE_HARNESS_RUN_CHECKPOINT_DRIVER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "harness/probes/throughput_log.h"
#include "harness/replay/replay_hook.h"
#include "harness/run/checkpoint_plan.h"
#include "harness/run/checkpoint_worker.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/snapshots.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// One checkpoint of a replay, as it went.
struct TakenCheckpoint {
  uint64_t operations = 0;  ///< Done when it was taken.
  bool delayed = false;     ///< It was due earlier, while another one ran.
  uint64_t synchronous_time_ns = 0;
  uint64_t notification_time_ns = 0;
  CheckpointOutcome outcome;
  /// Operations a second of the replay while the asynchronous part ran, and before. Absent when there was too little of
  /// either to tell.
  std::optional<double> operations_per_second_during;
  std::optional<double> operations_per_second_before;
};

struct CheckpointDriverOptions {
  const std::vector<CheckpointMoment>& plan;  ///< Not empty; must outlive the driver.
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  uint32_t retained = 1;
  /// The replay waits for each checkpoint to be complete, so that each is taken where the plan has it.
  bool await_each = false;
  std::function<bool()> stopped = [] { return false; };
  /// With await_each: called when a checkpoint is complete.
  std::function<Status(const TakenCheckpoint&)> completed = [](const TakenCheckpoint&) { return Status(); };
};

/// Takes the checkpoints of one replay: the synchronous part and the notifications on the replay's thread, the
/// asynchronous part on another. One at a time: when one is due while another runs, it is taken as soon as that one is
/// complete; when a further one is due by then, one stands for both.
class CheckpointDriver final : public ReplayHook {
 public:
  /// `snapshots` and `store` must outlive the driver.
  CheckpointDriver(Snapshots* snapshots, CheckpointStore* store, const CheckpointDriverOptions& options);

  Status Between(const ReplayMoment& moment) override;
  /// Takes the first of the plan, and awaits it: for the end of filling, where it is due.
  Status TakeFirst(const ReplayMoment& moment);
  /// Once the replay is over: waits for what runs, and takes and awaits the last one.
  Status Finish(uint64_t operations);

  const std::vector<TakenCheckpoint>& taken() const { return taken_; }
  /// Checkpoints of the plan that another stood for.
  uint64_t skipped() const { return options_.plan.size() - taken_.size(); }

 private:
  Status Take(const ReplayMoment& moment, bool delayed);
  Status Await();
  Status Confirm(CheckpointOutcome outcome);
  void EndWindow(const ReplayMoment& moment);

  Snapshots& snapshots_;
  CheckpointStore& store_;
  const CheckpointDriverOptions options_;
  size_t next_planned_ = 0;
  std::optional<uint64_t> due_;  ///< Operations at which one was due that is not taken yet.
  uint64_t running_id_ = 0;
  TakenCheckpoint running_;
  std::optional<ReplayMoment> running_since_;  ///< Until its asynchronous part is seen to have ended.
  ThroughputLog log_;                          ///< Since no checkpoint ran.
  std::vector<TakenCheckpoint> taken_;
  CheckpointWorker worker_;  ///< Last: it wakes this.
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_CHECKPOINT_DRIVER_H_

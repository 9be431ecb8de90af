#ifndef KVSTATE_HARNESS_RUN_CHECKPOINT_MEASUREMENT_H_
#define KVSTATE_HARNESS_RUN_CHECKPOINT_MEASUREMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/replay/replayer.h"
#include "harness/replay/trace.h"
#include "harness/report/results.h"
#include "harness/run/checkpoint_driver.h"
#include "harness/run/checkpoint_figures.h"
#include "harness/run/checkpoint_plan.h"
#include "harness/run/measurement.h"
#include "harness/run/restore_measurement.h"
#include "harness/run/steady_state.h"
#include "kvstate/clock.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Replays one trace on all backends that have Snapshots, with checkpoints: first once on the first backend, to see
/// what changes between them; then each backend once with each checkpoint awaited, for sizes; then `repetitions` rounds
/// in which the backends take turns and checkpoints run beside the replay, for times. The last checkpoint of each
/// replay is taken at its end and restored, and what was restored must be the final state.
class CheckpointMeasurement {
 public:
  CheckpointMeasurement(const MeasurementContext& context, const CheckpointSettings& settings,
                        const SteadyStateSettings& steady_state, TraceSource* trace)
      : context_(context), settings_(settings), steady_state_(steady_state), trace_(*trace) {}

  /// To be called after Measurement::Run: all must agree with what that found. Fills in what `run` has of checkpoints.
  /// ABORTED, naming workload and backend, when the state differs that a replay ended with, or that was restored.
  Status Run(WorkloadRun* run);

  /// Steps that Run will take on `progress`.
  static uint64_t Steps(const MeasurementContext& context);

 private:
  /// One replay with its restore.
  struct Outcome {
    ReplayResult replayed;
    std::vector<TakenCheckpoint> taken;
    std::vector<uint64_t> copy_times_ns;  ///< For each taken one, where they were awaited.
    uint64_t skipped = 0;
    MeasuredRestore restore;
    uint64_t restore_copy_time_ns = 0;
  };

  Status Plan(WorkloadRun* run);
  Status Await(const BackendRun& measured, WorkloadRun* run);
  Status Repeat(WorkloadRun* run);
  /// Nothing when the backend has no Snapshots.
  Result<std::optional<Outcome>> ReplayOnce(const BackendRun& backend, const WorkloadRun& run, bool await_each);
  Status RestoreLast(const BackendRun& backend, const WorkloadRun& run, CheckpointStore& store,
                     const std::optional<ReadTarget>& first_read, const std::string& copy_path, Outcome* outcome);
  Status CheckState(const StateDigest& state, const std::string& which, const WorkloadRun& run,
                    const BackendRun& backend) const;
  Result<std::unique_ptr<KeyedStateBackend>> Make(const BackendRun& backend);
  Status Step(const WorkloadRun& run, const std::string& what);

  const MeasurementContext& context_;
  const CheckpointSettings settings_;
  const SteadyStateSettings steady_state_;
  TraceSource& trace_;
  /// Of all backends, one after the other; where it stands when a replay ends, its state is restored.
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::vector<CheckpointMoment> plan_;
  std::vector<ExpectedCheckpoint> expected_;  ///< For each of the plan.
  Latencies latencies_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_CHECKPOINT_MEASUREMENT_H_

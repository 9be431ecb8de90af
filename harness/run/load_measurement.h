#ifndef KVSTATE_HARNESS_RUN_LOAD_MEASUREMENT_H_
#define KVSTATE_HARNESS_RUN_LOAD_MEASUREMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/load/capacity_search.h"
#include "harness/load/load_run.h"
#include "harness/load/load_settings.h"
#include "harness/replay/digest.h"
#include "harness/replay/trace.h"
#include "harness/report/results.h"
#include "harness/run/measurement.h"
#include "harness/run/steady_state.h"
#include "kvstate/clock.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Replays one trace on all backends at a pace, on parallel instances, or both: `repetitions` rounds in which the
/// backends take turns, each round starting one further on. Or looks for the capacity of each backend.
class LoadMeasurement {
 public:
  LoadMeasurement(const MeasurementContext& context, LoadSettings settings, const SteadyStateSettings& steady_state,
                  TraceSource* trace)
      : context_(context), settings_(std::move(settings)), steady_state_(steady_state), trace_(*trace) {}

  /// To be called after Measurement::Run: the final state, of all instances together, must be what that found, and so
  /// must the hits. Fills in what `run` has of it. INVALID_ARGUMENT when the trace has fewer key groups than instances
  /// are asked for, or its time stands still where it is to be the pace; ABORTED, naming workload and backend, when
  /// state or hits differ; INVALID_ARGUMENT, too, when the trace is too short to tell a capacity.
  Status Run(WorkloadRun* run);

  /// Steps that Run will take on `progress`; of a capacity search, about.
  static uint64_t Steps(const MeasurementContext& context, const LoadSettings& settings);

 private:
  /// Parallel instances of one backend, and what a replay on them needs.
  struct Instances {
    std::vector<std::shared_ptr<ManualClock>> clocks;
    std::vector<std::unique_ptr<KeyedStateBackend>> backends;
    std::unique_ptr<KeyedStateBackend> timers;
  };
  /// What a replay of several goes on from, and when it is given up.
  struct Course {
    double behind_ns = 0;
    double response_limit_ns = 0;
    uint64_t over_most = UINT64_MAX;
  };

  void Describe(WorkloadRun* run) const;
  Status Repeat(WorkloadRun* run);
  Status FindCapacities(WorkloadRun* run);
  Status FindCapacityOf(const WorkloadRun& run, BackendRun* backend);
  Result<double> ClosedLoopRate(const WorkloadRun& run, const BackendRun& backend);
  /// The whole trace at a rate, as often as it takes to know, as if there were no time in between in which backends are
  /// made anew. `*repetition`: what it gave.
  Result<RateProbe> Probe(double rate, const WorkloadRun& run, const BackendRun& backend, Repetition* repetition);
  Result<LoadResult> Replay(const PaceSettings& pace, const Course& course, const WorkloadRun& run,
                            const BackendRun& backend);
  Result<Instances> Make(const BackendRun& backend);
  Status CheckAnswers(const Instances& instances, const LoadResult& result, const WorkloadRun& run,
                      const BackendRun& backend) const;
  Status Step(const WorkloadRun& run, const BackendRun& backend, const std::string& what);

  const MeasurementContext& context_;
  const LoadSettings settings_;
  const SteadyStateSettings steady_state_;
  TraceSource& trace_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_LOAD_MEASUREMENT_H_

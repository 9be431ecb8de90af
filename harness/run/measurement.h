#ifndef KVSTATE_HARNESS_RUN_MEASUREMENT_H_
#define KVSTATE_HARNESS_RUN_MEASUREMENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/probes/tick_clock.h"
#include "harness/replay/digest.h"
#include "harness/replay/replayer.h"
#include "harness/replay/trace.h"
#include "harness/report/progress.h"
#include "harness/report/results.h"
#include "harness/run/backend_choice.h"
#include "harness/run/steady_state.h"
#include "kvstate/backend_registry.h"
#include "kvstate/clock.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Replays of a trace beside those that `repetitions` counts, of each backend: the verified one and the probed one.
inline constexpr uint64_t kExtraReplays = 2;

/// What a measurement works with. All must outlive it.
struct MeasurementContext {
  const BackendRegistry& registry;
  const std::vector<BackendChoice>& backends;  ///< Not empty.
  WorkDirectory& directory;
  const TickClock& clock;
  Progress& progress;
  std::function<bool()> stopped;
  uint64_t repetitions = 5;
  /// Where checkpoints go, in folders of workload and backend, and stay; empty: in `directory`.
  std::string checkpoint_directory = {};
};

/// Replays one trace on all backends and says what each took. First each backend once with every read checked; then
/// `repetitions` rounds in which the backends take turns, the first one twice, each round starting with the next; then
/// each once with probes.
class Measurement {
 public:
  Measurement(const MeasurementContext& context, const SteadyStateSettings& steady_state, TraceSource* trace)
      : context_(context), steady_state_(steady_state), trace_(*trace) {}

  /// Fills in all but what describes the workload. ABORTED, naming workload and backend, when the final state, the
  /// hits or the reads of a backend differ from `expected` (where given) or from the first backend's.
  Status Run(const std::optional<StateDigest>& expected, WorkloadRun* run);

  /// Steps that Run will take on `progress`.
  static uint64_t Steps(const MeasurementContext& context);

 private:
  /// What all backends must agree on.
  struct Answers {
    StateDigest state;
    std::optional<uint64_t> hits = {};  ///< Absent where they depend on when something is cleaned up.
    std::string where;
  };

  Status MeasureHarness(WorkloadRun* run);
  Status Verify(const std::optional<StateDigest>& expected, WorkloadRun* run);
  Status Repeat(WorkloadRun* run);
  Status Probe(BackendRun* backend, WorkloadRun* run);
  Status RunRepetition(BackendRun* backend, WorkloadRun* run);
  Status CheckAgainst(const Answers& expected, const StateDigest& state, uint64_t hits, const WorkloadRun& run,
                      const BackendRun& backend) const;
  Result<std::unique_ptr<KeyedStateBackend>> Make(const BackendRun& backend);
  /// A replay that begins to count in steady state. `before_counting` is called there, where state is filled, and
  /// before the replay, where it is not.
  Result<ReplayResult> ReplayOn(
      KeyedStateBackend& backend, ReplayOptions options,
      const std::function<Status()>& before_counting = [] { return Status(); });
  void Summarize(WorkloadRun* run) const;
  Status Step(const WorkloadRun& run, const std::string& what);

  const MeasurementContext& context_;
  const SteadyStateSettings steady_state_;
  TraceSource& trace_;
  /// Of all backends, one after the other.
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  Answers answers_;
  Latencies latencies_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_MEASUREMENT_H_

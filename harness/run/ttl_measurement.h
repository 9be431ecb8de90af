#ifndef KVSTATE_HARNESS_RUN_TTL_MEASUREMENT_H_
#define KVSTATE_HARNESS_RUN_TTL_MEASUREMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/replay/digest.h"
#include "harness/replay/replayer.h"
#include "harness/replay/trace.h"
#include "harness/report/results.h"
#include "harness/run/measurement.h"
#include "harness/run/ttl_cleanup.h"
#include "harness/run/ttl_oracle.h"
#include "harness/run/ttl_watch.h"
#include "kvstate/clock.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Replays one trace whose states have a time to live on all backends with each way of cleanup that they have: first
/// each once while what is stored is looked at, against what the trace says must be live and must have expired; then
/// `repetitions` rounds in which all take turns, each round starting one further on.
class TtlMeasurement {
 public:
  TtlMeasurement(const MeasurementContext& context, TtlSettings settings, TraceSource* trace)
      : context_(context), settings_(std::move(settings)), trace_(*trace) {}

  /// To be called after Measurement::Run: all that have a time to live must agree with what that found, the others with
  /// each other. Fills in what `run` has of it. INVALID_ARGUMENT when no state of the trace expires; ABORTED, naming
  /// workload, backend and cleanup, when state or answers differ, or when live values are not those of the trace.
  Status Run(WorkloadRun* run);

  /// Steps that Run will take on `progress`, at most.
  static uint64_t Steps(const MeasurementContext& context, const TtlSettings& settings);

 private:
  struct Variant {
    size_t choice = 0;  ///< Of context.backends.
    TtlStrategy strategy = TtlStrategy::kDefault;
  };
  struct Answers {
    StateDigest state;
    uint64_t hits = 0;
    std::string read_digest;
  };

  Status Plan(WorkloadRun* run);
  Status Watch(const Variant& variant, WorkloadRun* run, BackendRun* backend);
  Status Repeat(const Variant& variant, const WorkloadRun& run, BackendRun* backend);
  Status CheckStored(const std::vector<StoredAtMoment>& stored, const WorkloadRun& run,
                     const BackendRun& backend) const;
  /// `read_digest`: empty where reads were not hashed.
  Status CheckAnswers(TtlStrategy strategy, const Answers& answers, const WorkloadRun& run, const BackendRun& backend);
  Status Differs(const WorkloadRun& run, const BackendRun& backend, const std::string& what) const;
  TtlWatch::Plan WatchPlan(TtlStrategy strategy, bool looks) const;
  Result<std::unique_ptr<KeyedStateBackend>> Make(const Variant& variant);
  Status Step(const WorkloadRun& run, const BackendRun& backend, const std::string& what);

  const MeasurementContext& context_;
  const TtlSettings settings_;
  TraceSource& trace_;
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::vector<Variant> variants_;
  std::vector<TtlMoment> moments_;  ///< None where the trace does not tell.
  std::vector<uint64_t> sweeps_;
  /// Whether what reads find depends on cleanup.
  bool reads_differ_ = false;
  std::optional<Answers> without_ttl_;
  Latencies latencies_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_TTL_MEASUREMENT_H_

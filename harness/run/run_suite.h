#ifndef KVSTATE_HARNESS_RUN_RUN_SUITE_H_
#define KVSTATE_HARNESS_RUN_RUN_SUITE_H_

#include <functional>
#include <optional>

#include "harness/load/load_settings.h"
#include "harness/replay/digest.h"
#include "harness/replay/trace.h"
#include "harness/report/results.h"
#include "harness/run/checkpoint_plan.h"
#include "harness/run/measurement.h"
#include "harness/run/steady_state.h"
#include "harness/run/suite.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What is measured of a trace beside its replay as it is.
struct TraceExtras {
  std::optional<CheckpointSettings> checkpoint = {};
  std::optional<TtlSettings> ttl = {};
  SteadyStateSettings steady_state = {};
  std::optional<LoadSettings> load = {};
};

/// All that is to be measured of one trace: as it is, then with checkpoints, with each way of cleanup after a time to
/// live, and under a load, where they are asked for.
Status MeasureTrace(const MeasurementContext& context, const TraceExtras& extras,
                    const std::optional<StateDigest>& expected, TraceSource* trace, WorkloadRun* run);
/// Steps that it will take on `progress`.
uint64_t StepsOfTrace(const MeasurementContext& context, const TraceExtras& extras);

/// Appends to `results` what each workload gave, and calls `finished` with it. Stops at the first failure.
Status RunSuite(const Suite& suite, const MeasurementContext& context,
                const std::function<void(const WorkloadRun&)>& finished, RunResults* results);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_RUN_SUITE_H_

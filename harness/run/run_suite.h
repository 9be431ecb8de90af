#ifndef KVSTATE_HARNESS_RUN_RUN_SUITE_H_
#define KVSTATE_HARNESS_RUN_RUN_SUITE_H_

#include <functional>

#include "harness/report/results.h"
#include "harness/run/measurement.h"
#include "harness/run/suite.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Records each workload of the suite once, on the backend named here, and measures its trace on all backends.
inline constexpr std::string_view kRecordingBackend = "hashmap";

/// Appends to `results` what each workload gave, and calls `finished` with it. Stops at the first failure.
Status RunSuite(const Suite& suite, const MeasurementContext& context,
                const std::function<void(const WorkloadRun&)>& finished, RunResults* results);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_RUN_SUITE_H_

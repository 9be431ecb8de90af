#include "harness/cli/command_run.h"

#include <optional>
#include <utility>
#include <vector>

#include "harness/cli/ttl_flags.h"
#include "harness/run/run_suite.h"
#include "harness/run/suite.h"
#include "kvstate/key_group.h"

namespace kvstate::cli {

namespace {

Result<harness::Suite> SuiteOf(const RunOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(harness::Suite suite, harness::LoadSuite(options.suite.suite));
  KVSTATE_RETURN_IF_ERROR(ApplySuiteFlags(options.suite, &suite));
  KVSTATE_RETURN_IF_ERROR(harness::SelectWorkloads(&suite, options.workloads));
  std::vector<std::optional<harness::CheckpointSettings>*> checkpoints;
  for (harness::SuiteWorkload& entry : suite.workloads) checkpoints.push_back(&entry.checkpoint);
  KVSTATE_RETURN_IF_ERROR(ApplyCheckpointFlags(options.measure.checkpoint, checkpoints));
  for (harness::SuiteWorkload& entry : suite.workloads) {
    KVSTATE_RETURN_IF_ERROR(ApplyTtlFlag(options.measure.ttl_cleanup, &entry.ttl));
  }
  KVSTATE_ASSIGN_OR_RETURN(const std::optional<harness::LoadSettings> load,
                           harness::LoadOf(options.measure.load, kDefaultMaxParallelism));
  for (harness::SuiteWorkload& entry : suite.workloads) {
    if (load.has_value()) entry.load = load;
  }
  return suite;
}

}  // namespace

int RunCommand(const RunOptions& options, const Console& console) {
  const auto suite = SuiteOf(options);
  if (!suite.ok()) return console.Fail(suite.status(), kExitUsage);
  MeasureSession session(options.measure, console);
  if (const int code = session.Open(); code != kExitGood) return code;
  harness::RunResults results;
  results.suite = suite->name;
  results.seed = options.suite.seed;
  const harness::MeasurementContext context = session.Context(suite->repetitions);
  const Status outcome = harness::RunSuite(
      *suite, context, [&session](const harness::WorkloadRun& run) { session.Show(run); }, &results);
  return session.Close(outcome, std::move(results));
}

}  // namespace kvstate::cli

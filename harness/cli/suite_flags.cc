#include "harness/cli/suite_flags.h"

#include "harness/run/suite_sweep.h"

namespace kvstate::cli {

Status ApplySteadyStateFlags(const SteadyStateFlags& flags, harness::SteadyStateSettings* settings) {
  if (flags.fill_events > harness::kMaxFillEvents) {
    return InvalidArgumentError("--fill_events: " + std::to_string(flags.fill_events) + " is not a number from 0 to " +
                                std::to_string(harness::kMaxFillEvents));
  }
  if (flags.fill_events > 0) settings->fill_events = flags.fill_events;
  if (!flags.checkpoint.empty()) {
    const auto kind = harness::ParseFillCheckpoint(flags.checkpoint);
    if (!kind.ok()) return kind.status().WithContext("--fill_checkpoint");
    settings->checkpoint = *kind;
  }
  if (flags.settle.empty()) return Status();
  if (flags.settle != "yes" && flags.settle != "no") {
    return InvalidArgumentError("--settle: '" + flags.settle + "' is neither yes nor no");
  }
  settings->settle = flags.settle == "yes";
  return Status();
}

Status ApplySuiteFlags(const SuiteFlags& flags, harness::Suite* suite) {
  KVSTATE_RETURN_IF_ERROR(harness::OverrideParameters(suite, flags.set));
  KVSTATE_RETURN_IF_ERROR(harness::SweepParameters(suite, flags.sweep));
  const bool given = flags.scale != 0;
  KVSTATE_RETURN_IF_ERROR(
      harness::ScaleSuite(suite, given ? flags.scale : suite->scale).WithContext(given ? "--scale" : suite->name));
  for (harness::SuiteWorkload& entry : suite->workloads) {
    KVSTATE_RETURN_IF_ERROR(ApplySteadyStateFlags(flags.steady_state, &entry.steady_state));
  }
  harness::OffsetSeeds(suite, flags.seed);
  return Status();
}

}  // namespace kvstate::cli

#include "harness/cli/command_replay.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "harness/cli/ttl_flags.h"
#include "harness/replay/trace_file.h"
#include "harness/run/run_suite.h"

namespace kvstate::cli {

namespace {

constexpr uint64_t kRepetitions = 5;

Status ReplayAll(const std::vector<std::string>& paths,
                 const std::vector<std::unique_ptr<harness::TraceReader>>& traces,
                 const harness::MeasurementContext& context, const harness::TraceExtras& extras,
                 MeasureSession* session, harness::RunResults* results) {
  context.progress.SetSteps(traces.size() * harness::StepsOfTrace(context, extras));
  for (size_t i = 0; i < traces.size(); ++i) {
    harness::WorkloadRun run;
    run.name = std::filesystem::path(paths[i]).stem().string();
    KVSTATE_RETURN_IF_ERROR(harness::MeasureTrace(context, extras, std::nullopt, traces[i].get(), &run));
    context.progress.Clear();
    session->Show(run);
    results->workloads.push_back(std::move(run));
  }
  return Status();
}

}  // namespace

int ReplayCommand(const ReplayOptions& options, const Console& console) {
  if (options.traces.empty()) {
    return console.Fail(InvalidArgumentError("kvstate replay needs the name of at least one trace file; "
                                             "'kvstate import' makes one"),
                        kExitUsage);
  }
  harness::TraceExtras extras;
  Status flags = ApplyCheckpointFlags(options.measure.checkpoint, {&extras.checkpoint});
  if (flags.ok()) flags = ApplySteadyStateFlags(options.steady_state, &extras.steady_state);
  if (flags.ok()) flags = ApplyTtlFlag(options.measure.ttl_cleanup, &extras.ttl);
  if (!flags.ok()) return console.Fail(flags, kExitUsage);
  std::vector<std::unique_ptr<harness::TraceReader>> traces;
  for (const std::string& path : options.traces) {
    auto trace = harness::TraceReader::Open(path);
    if (!trace.ok()) return console.Fail(trace.status());
    traces.push_back(std::move(trace).value());
  }
  uint32_t most_instances = harness::kMostInstances;
  for (const auto& trace : traces) most_instances = std::min(most_instances, trace->header().max_parallelism);
  auto load = harness::LoadOf(options.measure.load, most_instances);
  if (!load.ok()) return console.Fail(load.status(), kExitUsage);
  extras.load = std::move(load).value();
  MeasureSession session(options.measure, console);
  if (const int code = session.Open(); code != kExitGood) return code;
  harness::RunResults results;
  const harness::MeasurementContext context = session.Context(kRepetitions);
  const Status outcome = ReplayAll(options.traces, traces, context, extras, &session, &results);
  return session.Close(outcome, std::move(results));
}

}  // namespace kvstate::cli

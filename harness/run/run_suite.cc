#include "harness/run/run_suite.h"

#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>

#include "harness/replay/memory_trace.h"
#include "harness/run/checkpoint_measurement.h"
#include "harness/run/load_measurement.h"
#include "harness/run/record_workload.h"
#include "harness/run/ttl_measurement.h"

namespace kvstate::harness {

namespace {

std::string Hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, value);
  return text;
}

TraceExtras ExtrasOf(const SuiteWorkload& entry) {
  return {entry.checkpoint, entry.ttl, entry.steady_state, entry.load};
}

Status RunWorkload(const SuiteWorkload& entry, const MeasurementContext& context, WorkloadRun* run) {
  run->name = entry.name;
  run->workload = entry.workload;
  run->source_parameters = entry.source;
  run->operator_parameters = entry.operators;
  run->seed = entry.seed;
  if (context.stopped()) return CancelledError("interrupted");
  context.progress.BeginStep(entry.name + ": recording");
  MemoryTrace trace;
  KVSTATE_ASSIGN_OR_RETURN(const RecordedStream stream,
                           RecordEntry(entry, context.registry, context.directory, &trace, context.stopped,
                                       [&](uint64_t done, uint64_t events) { context.progress.Update(done, events); }));
  run->events = stream.events;
  run->output_rows = stream.output_rows;
  run->output_digest = Hex(stream.output_digest);
  return MeasureTrace(context, ExtrasOf(entry), stream.state, &trace, run);
}

}  // namespace

uint64_t StepsOfTrace(const MeasurementContext& context, const TraceExtras& extras) {
  return Measurement::Steps(context) + (extras.checkpoint.has_value() ? CheckpointMeasurement::Steps(context) : 0) +
         (extras.ttl.has_value() ? TtlMeasurement::Steps(context, *extras.ttl) : 0) +
         (extras.load.has_value() ? LoadMeasurement::Steps(context, *extras.load) : 0);
}

Status MeasureTrace(const MeasurementContext& context, const TraceExtras& extras,
                    const std::optional<StateDigest>& expected, TraceSource* trace, WorkloadRun* run) {
  run->values_are_sizes = trace->header().values_are_sizes;
  run->keys_are_hashed = trace->header().keys_are_hashed;
  run->is_part = trace->header().is_part;
  if (trace->fill_operations() > 0) {
    if (extras.ttl.has_value()) {
      return InvalidArgumentError(
          "ways of cleanup after a time to live are compared over a whole stream, and this one fills state first; "
          "leave one of the two out");
    }
    run->fill_checkpoint = FillCheckpointName(extras.steady_state.checkpoint);
    run->fill_settled = extras.steady_state.settle;
  }
  Measurement measurement(context, extras.steady_state, trace);
  KVSTATE_RETURN_IF_ERROR(measurement.Run(expected, run));
  if (extras.checkpoint.has_value()) {
    KVSTATE_RETURN_IF_ERROR(CheckpointMeasurement(context, *extras.checkpoint, extras.steady_state, trace).Run(run));
  }
  if (extras.ttl.has_value()) KVSTATE_RETURN_IF_ERROR(TtlMeasurement(context, *extras.ttl, trace).Run(run));
  if (!extras.load.has_value()) return Status();
  return LoadMeasurement(context, *extras.load, extras.steady_state, trace).Run(run);
}

Status RunSuite(const Suite& suite, const MeasurementContext& context,
                const std::function<void(const WorkloadRun&)>& finished, RunResults* results) {
  uint64_t steps = 0;
  for (const SuiteWorkload& entry : suite.workloads) steps += 1 + StepsOfTrace(context, ExtrasOf(entry));
  context.progress.SetSteps(steps);
  for (const SuiteWorkload& entry : suite.workloads) {
    WorkloadRun run;
    const Status status = RunWorkload(entry, context, &run);
    context.progress.Clear();
    if (!status.ok()) return status.WithContext("workload '" + entry.name + "'");
    finished(run);
    results->workloads.push_back(std::move(run));
  }
  return Status();
}

}  // namespace kvstate::harness

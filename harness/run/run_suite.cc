#include "harness/run/run_suite.h"

#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>

#include "harness/replay/memory_trace.h"
#include "harness/run/record_workload.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {

namespace {

std::string Hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, value);
  return text;
}

Status RunWorkload(const SuiteWorkload& entry, const MeasurementContext& context, WorkloadRun* run) {
  run->name = entry.name;
  run->workload = entry.workload;
  run->source_parameters = entry.source;
  run->operator_parameters = entry.operators;
  run->seed = entry.seed;
  KVSTATE_ASSIGN_OR_RETURN(const workloads::WorkloadSpec* spec, workloads::FindWorkload(entry.workload));
  KVSTATE_ASSIGN_OR_RETURN(const auto source, spec->make_source(entry.source, entry.seed));
  KVSTATE_ASSIGN_OR_RETURN(const auto op, spec->make_operator(entry.operators));
  if (context.stopped()) return CancelledError("interrupted");
  context.progress.BeginStep(entry.name + ": recording");
  MemoryTrace trace;
  RecordedStream stream;
  {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyedStateBackend> backend,
                             MakeBackend(context.registry, {std::string(kRecordingBackend), {}}, RawBytesSerializer(),
                                         kDefaultMaxParallelism, context.directory));
    const uint64_t events = source->size();
    RecordOptions options;
    options.stopped = context.stopped;
    options.progress = [&](uint64_t done) { context.progress.Update(done, events); };
    KVSTATE_ASSIGN_OR_RETURN(stream, RecordWorkload(*source, *op, std::move(backend), &trace, options));
  }
  run->events = stream.events;
  run->output_rows = stream.output_rows;
  run->output_digest = Hex(stream.output_digest);
  Measurement measurement(context, &trace);
  return measurement.Run(stream.state, run);
}

}  // namespace

Status RunSuite(const Suite& suite, const MeasurementContext& context,
                const std::function<void(const WorkloadRun&)>& finished, RunResults* results) {
  context.progress.SetSteps(suite.workloads.size() * (1 + Measurement::Steps(context)));
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

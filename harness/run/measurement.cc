#include "harness/run/measurement.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "harness/probes/process_memory.h"
#include "harness/replay/null_backend.h"
#include "harness/run/engine_figures.h"
#include "harness/run/repetition_figures.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"

namespace kvstate::harness {

namespace {

// The harness's own cost is small: enough replays that an interruption does not decide it.
constexpr size_t kHarnessReplaysLeast = 3;
constexpr size_t kHarnessReplaysMost = 21;
constexpr uint64_t kHarnessTimeNs = 300'000'000;

void AddSerializationFigures(const SerializationTotals& totals, uint64_t operations, Figures* figures) {
  const auto per_operation = static_cast<double>(operations);
  Figures& f = *figures;
  f["serialize_calls_per_operation"] = static_cast<double>(totals.serialize_calls) / per_operation;
  f["serialize_bytes_per_operation"] = static_cast<double>(totals.serialize_bytes) / per_operation;
  f["serialize_time_ns_per_operation"] = totals.serialize_ns / per_operation;
  f["deserialize_calls_per_operation"] = static_cast<double>(totals.deserialize_calls) / per_operation;
  f["deserialize_bytes_per_operation"] = static_cast<double>(totals.deserialize_bytes) / per_operation;
  f["deserialize_time_ns_per_operation"] = totals.deserialize_ns / per_operation;
  f["serialization_time_ns_per_operation"] = (totals.serialize_ns + totals.deserialize_ns) / per_operation;
  if (totals.background_calls > 0) {
    f["serialization_background_calls"] = static_cast<double>(totals.background_calls);
  }
}

}  // namespace

uint64_t Measurement::Steps(const MeasurementContext& context) {
  // One for the null backend; and the first backend's twin takes part in the repetitions alone.
  return 1 + context.backends.size() * (context.repetitions + kExtraReplays) + context.repetitions;
}

Status Measurement::Step(const WorkloadRun& run, const std::string& what) {
  if (context_.stopped()) return CancelledError("interrupted");
  context_.progress.BeginStep(run.name + ": " + what);
  return Status();
}

Result<std::unique_ptr<KeyedStateBackend>> Measurement::Make(const BackendRun& backend) {
  return MakeBackend(context_.registry, {backend.backend, backend.engine_options}, trace_.header().key_serializer,
                     trace_.header().max_parallelism, context_.directory, clock_);
}

Status Measurement::Run(const std::optional<StateDigest>& expected, WorkloadRun* run) {
  run->backends.clear();
  for (const BackendChoice& choice : context_.backends) {
    BackendRun& backend = run->backends.emplace_back();
    backend.backend = choice.name;
    backend.engine_options = choice.engine_options;
  }
  BackendRun twin = run->backends.front();
  twin.noise_twin = true;
  run->backends.push_back(std::move(twin));

  KVSTATE_RETURN_IF_ERROR(MeasureHarness(run));
  KVSTATE_RETURN_IF_ERROR(Verify(expected, run));
  KVSTATE_RETURN_IF_ERROR(Repeat(run));
  for (BackendRun& backend : run->backends) {
    if (!backend.noise_twin) KVSTATE_RETURN_IF_ERROR(Probe(&backend, run));
  }
  Summarize(run);
  return Status();
}

Result<ReplayResult> Measurement::ReplayOn(KeyedStateBackend& backend, ReplayOptions options,
                                           const std::function<Status()>& before_counting) {
  if (trace_.fill_operations() == 0) KVSTATE_RETURN_IF_ERROR(before_counting());
  SteadyState steady_state(steady_state_, &context_.directory, context_.stopped);
  options.clock = clock_.get();
  options.stopped = context_.stopped;
  options.filled = [&](const ReplayMoment&) -> Status {
    KVSTATE_RETURN_IF_ERROR(steady_state.Reach(backend));
    return before_counting();
  };
  return Replay(trace_, backend, options);
}

Status Measurement::MeasureHarness(WorkloadRun* run) {
  KVSTATE_RETURN_IF_ERROR(Step(*run, "the harness itself"));
  std::vector<double> ns_per_operation;
  const uint64_t start = SteadyNanoseconds();
  while (ns_per_operation.size() < kHarnessReplaysLeast ||
         (ns_per_operation.size() < kHarnessReplaysMost && SteadyNanoseconds() - start < kHarnessTimeNs)) {
    const auto backend = MakeNullBackend(trace_.header().key_serializer, trace_.header().max_parallelism);
    for (Histogram& histogram : latencies_) histogram.Clear();
    KVSTATE_ASSIGN_OR_RETURN(
        const ReplayResult replayed,
        Replay(trace_, *backend, {.latencies = &latencies_, .clock = clock_.get(), .stopped = context_.stopped}));
    if (replayed.operations == 0) {
      return InvalidArgumentError(run->name + ": the trace holds no operations" +
                                  (replayed.fill_operations > 0 ? " after those that fill state" : "") +
                                  "; there is nothing to measure");
    }
    run->operations = replayed.operations;
    run->fill_operations = replayed.fill_operations;
    // Processor time: what else the machine does is not the harness's cost.
    ns_per_operation.push_back(static_cast<double>(replayed.cpu_ns) / static_cast<double>(replayed.operations));
  }
  run->harness_ns_per_operation = Median(ns_per_operation);
  return Status();
}

Status Measurement::CheckAgainst(const Answers& expected, const StateDigest& state, uint64_t hits,
                                 const WorkloadRun& run, const BackendRun& backend) const {
  std::string differs;
  if (!(state == expected.state)) {
    differs = "its final state is " + state.digest.ToHex() + " over " + std::to_string(state.entries) +
              " entries, where " + expected.where + " has " + expected.state.digest.ToHex() + " over " +
              std::to_string(expected.state.entries);
  } else if (expected.hits.has_value() && hits != *expected.hits) {
    differs = "its reads found " + std::to_string(hits) + ", where " + expected.where + " found " +
              std::to_string(*expected.hits);
  }
  if (differs.empty()) return Status();
  return Status(StatusCode::kAborted,
                "verification failed: workload '" + run.name + "' on backend '" + backend.backend + "': " + differs);
}

Status Measurement::Verify(const std::optional<StateDigest>& expected, WorkloadRun* run) {
  bool first = true;
  for (BackendRun& backend : run->backends) {
    if (backend.noise_twin) continue;
    KVSTATE_RETURN_IF_ERROR(Step(*run, "verifying " + backend.backend));
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> made, Make(backend));
    KVSTATE_ASSIGN_OR_RETURN(const ReplayResult replayed, ReplayOn(*made, {.verify_reads = true}));
    KVSTATE_ASSIGN_OR_RETURN(const StateDigest state, DigestOfState(*made, trace_.states(), context_.stopped));
    if (first) {
      answers_ = {state, std::nullopt, "backend '" + backend.backend + "'"};
      if (!ReadsDependOnCleanup(trace_.states())) answers_.hits = replayed.hits;
      run->hits = replayed.hits;
      run->entries = state.entries;
      run->state_digest = state.digest.ToHex();
      run->read_digest = replayed.read_digest.ToHex();
    }
    if (first && expected.has_value()) {
      const Answers recorded{*expected, replayed.hits, "the operator whose accesses were recorded"};
      KVSTATE_RETURN_IF_ERROR(CheckAgainst(recorded, state, replayed.hits, *run, backend));
    }
    KVSTATE_RETURN_IF_ERROR(CheckAgainst(answers_, state, replayed.hits, *run, backend));
    if (answers_.hits.has_value() && replayed.read_digest.ToHex() != run->read_digest) {
      return Status(StatusCode::kAborted, "verification failed: workload '" + run->name + "' on backend '" +
                                              backend.backend + "': its reads gave other values than those of " +
                                              answers_.where);
    }
    KVSTATE_RETURN_IF_ERROR(made->Dispose());
    first = false;
  }
  return Status();
}

Status Measurement::Repeat(WorkloadRun* run) {
  const size_t participants = run->backends.size();
  for (uint64_t round = 0; round < context_.repetitions; ++round) {
    for (size_t turn = 0; turn < participants; ++turn) {
      BackendRun& backend = run->backends[(round + turn) % participants];
      KVSTATE_RETURN_IF_ERROR(Step(*run, backend.backend + ", repetition " + std::to_string(round + 1) + " of " +
                                             std::to_string(context_.repetitions)));
      KVSTATE_RETURN_IF_ERROR(RunRepetition(&backend, run));
    }
  }
  return Status();
}

Status Measurement::RunRepetition(BackendRun* backend, WorkloadRun* run) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> made, Make(*backend));
  for (Histogram& histogram : latencies_) histogram.Clear();
  KVSTATE_ASSIGN_OR_RETURN(const ReplayResult replayed, ReplayOn(*made, {.latencies = &latencies_}));
  KVSTATE_ASSIGN_OR_RETURN(const StateDigest state, DigestOfState(*made, trace_.states(), context_.stopped));
  KVSTATE_RETURN_IF_ERROR(CheckAgainst(answers_, state, replayed.hits, *run, *backend));
  backend->repetitions.push_back(RepetitionOf(replayed, latencies_, context_.clock));
  return made->Dispose();
}

Status Measurement::Probe(BackendRun* backend, WorkloadRun* run) {
  KVSTATE_RETURN_IF_ERROR(Step(*run, "probing " + backend->backend));
  SerializationProbe probe(context_.clock);
  const std::optional<uint64_t> resident_before = ResidentBytes();
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> made, Make(*backend));
  auto* engine = GetExtension<EngineStatistics>(*made);
  EngineCounters before;
  const auto before_counting = [&]() -> Status {
    probe.Reset();
    if (engine == nullptr) return Status();
    KVSTATE_ASSIGN_OR_RETURN(before, engine->Collect());
    return Status();
  };
  KVSTATE_ASSIGN_OR_RETURN(const ReplayResult replayed, ReplayOn(*made, {.serialization = &probe}, before_counting));
  if (replayed.fill_operations > 0) {
    backend->probed["fill_time_ns"] = static_cast<double>(replayed.fill_time_ns);
    if (before.disk_bytes.has_value()) backend->probed["fill_disk_bytes"] = static_cast<double>(*before.disk_bytes);
  }
  AddSerializationFigures(probe.Totals(), replayed.operations, &backend->probed);
  const std::optional<uint64_t> resident_after = ResidentBytes();
  if (resident_before.has_value() && resident_after.has_value()) {
    backend->probed["memory_bytes_resident"] =
        static_cast<double>(*resident_after - std::min(*resident_before, *resident_after));
  }
  if (engine != nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(const EngineCounters unflushed, engine->Collect());
    if (unflushed.memory_bytes.has_value()) {
      backend->probed["memory_bytes_engine"] = static_cast<double>(*unflushed.memory_bytes);
    }
    KVSTATE_RETURN_IF_ERROR(engine->Flush(true));
    KVSTATE_ASSIGN_OR_RETURN(const EngineCounters after, engine->Collect());
    AddEngineFigures(before, after, &backend->probed);
  }
  KVSTATE_ASSIGN_OR_RETURN(const StateDigest state, DigestOfState(*made, trace_.states(), context_.stopped));
  KVSTATE_RETURN_IF_ERROR(CheckAgainst(answers_, state, replayed.hits, *run, *backend));
  return made->Dispose();
}

void Measurement::Summarize(WorkloadRun* run) const {
  for (BackendRun& backend : run->backends) {
    TakeMedians(&backend);
    const auto serialization = backend.probed.find("serialization_time_ns_per_operation");
    if (serialization != backend.probed.end()) {
      backend.probed["serialization_time_ratio"] = serialization->second * backend.operations_per_second.median / 1e9;
    }
  }
  const BackendRun& twin = run->backends.back();
  const double first = run->backends.front().operations_per_second.median;
  run->noise_floor_ratio = std::abs(twin.operations_per_second.median / first - 1);
  run->has_noise_floor = true;
}

}  // namespace kvstate::harness

#include "harness/run/ttl_measurement.h"

#include <algorithm>
#include <utility>

#include "harness/run/checkpoint_plan.h"
#include "harness/run/engine_figures.h"
#include "harness/run/repetition_figures.h"
#include "harness/run/ttl_figures.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/snapshots.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::harness {

namespace {

/// Bytes of a savepoint taken now; absent where the backend takes none.
Result<std::optional<uint64_t>> SavepointBytes(KeyedStateBackend& backend) {
  auto* snapshots = GetExtension<Snapshots>(backend);
  if (snapshots == nullptr) return std::optional<uint64_t>();
  SnapshotOptions options;
  options.kind = SnapshotKind::kSavepoint;
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<SnapshotTask> task,
                           snapshots->Snapshot(1, MakeMemoryStorage(UINT64_MAX), options));
  KVSTATE_ASSIGN_OR_RETURN(const SnapshotResult result, task->Run());
  return std::optional<uint64_t>(result.figures.bytes_written);
}

}  // namespace

uint64_t TtlMeasurement::Steps(const MeasurementContext& context, const TtlSettings& settings) {
  return 1 + context.backends.size() * settings.strategies.size() * (1 + context.repetitions);
}

Status TtlMeasurement::Step(const WorkloadRun& run, const BackendRun& backend, const std::string& what) {
  if (context_.stopped()) return CancelledError("interrupted");
  context_.progress.BeginStep(run.name + ": " + backend.backend + ", " + backend.ttl_cleanup + ", " + what);
  return Status();
}

Result<std::unique_ptr<KeyedStateBackend>> TtlMeasurement::Make(const Variant& variant) {
  return MakeBackend(context_.registry, context_.backends[variant.choice], trace_.header().key_serializer,
                     trace_.header().max_parallelism, context_.directory, clock_);
}

Status TtlMeasurement::Run(WorkloadRun* run) {
  run->ttl_runs.clear();
  KVSTATE_RETURN_IF_ERROR(Plan(run));
  for (const Variant& variant : variants_) {
    BackendRun& backend = run->ttl_runs.emplace_back();
    backend.backend = context_.backends[variant.choice].name;
    backend.engine_options = context_.backends[variant.choice].engine_options;
    backend.ttl_cleanup = TtlStrategyName(variant.strategy);
  }
  for (size_t i = 0; i < variants_.size(); ++i) {
    KVSTATE_RETURN_IF_ERROR(Watch(variants_[i], run, &run->ttl_runs[i]));
  }
  for (uint64_t round = 0; round < context_.repetitions; ++round) {
    for (size_t turn = 0; turn < variants_.size(); ++turn) {
      const size_t i = (round + turn) % variants_.size();
      KVSTATE_RETURN_IF_ERROR(
          Step(*run, run->ttl_runs[i],
               "repetition " + std::to_string(round + 1) + " of " + std::to_string(context_.repetitions)));
      KVSTATE_RETURN_IF_ERROR(Repeat(variants_[i], *run, &run->ttl_runs[i]));
    }
  }
  for (BackendRun& backend : run->ttl_runs) TakeMedians(&backend);
  AddTtlRatios(&run->ttl_runs);
  return Status();
}

Status TtlMeasurement::Plan(WorkloadRun* run) {
  context_.progress.BeginStep(run->name + ": what expires");
  bool any = false;
  for (const TraceState& state : trace_.states()) any = any || Expires(state.descriptor);
  reads_differ_ = ReadsDependOnCleanup(trace_.states());
  if (!any) {
    return InvalidArgumentError("'" + run->name +
                                "' has no state with a time to live, so there is nothing to clean up; leave it out");
  }
  auto moments = ExpectTtl(trace_, settings_.moments, context_.stopped);
  if (moments.ok()) {
    moments_ = std::move(moments).value();
  } else if (moments.status().code() != StatusCode::kUnimplemented) {
    return moments.status();
  }
  CheckpointSettings sweep;
  sweep.interval_ms = settings_.sweep_interval_ms;
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<CheckpointMoment> sweeps,
                           PlanCheckpoints(trace_, sweep, context_.stopped));
  for (const CheckpointMoment& moment : sweeps) sweeps_.push_back(moment.operations);
  if (!sweeps_.empty()) sweeps_.pop_back();  // At the end, where nothing follows.

  TtlRequest& request = run->ttl_request.emplace();
  request.moments = moments_.size();
  if (moments_.size() > 1) request.resolution_ms = static_cast<uint64_t>(moments_[1].time_ms - moments_[0].time_ms);
  for (const TtlMoment& moment : moments_) request.values_expired += moment.values_expired;
  request.sweep_interval_ms = settings_.sweep_interval_ms;
  request.sweep_entries = settings_.sweep_entries;
  for (const TtlStrategy strategy : settings_.strategies) request.cleanup.emplace_back(TtlStrategyName(strategy));

  for (size_t choice = 0; choice < context_.backends.size(); ++choice) {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> backend, Make({choice}));
    for (const TtlStrategy strategy : settings_.strategies) {
      KVSTATE_ASSIGN_OR_RETURN(const bool supported, Supports(*backend, strategy));
      if (supported) variants_.push_back({choice, strategy});
    }
    KVSTATE_RETURN_IF_ERROR(backend->Dispose());
  }
  return Status();
}

TtlWatch::Plan TtlMeasurement::WatchPlan(TtlStrategy strategy, bool looks) const {
  TtlWatch::Plan plan;
  if (looks) plan.moments = &moments_;
  if (strategy == TtlStrategy::kSweep) plan.sweeps = sweeps_;
  plan.sweep_entries = settings_.sweep_entries;
  return plan;
}

Status TtlMeasurement::Watch(const Variant& variant, WorkloadRun* run, BackendRun* backend) {
  KVSTATE_RETURN_IF_ERROR(Step(*run, *backend, "what is stored"));
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> made, Make(variant));
  StrategyTrace replayed_trace(&trace_, variant.strategy);
  TtlWatch watch(made.get(), clock_.get(), &trace_, &replayed_trace, WatchPlan(variant.strategy, true));
  auto* engine = GetExtension<EngineStatistics>(*made);
  EngineCounters before;
  if (engine != nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(before, engine->Collect());
  }
  KVSTATE_ASSIGN_OR_RETURN(
      const ReplayResult replayed,
      Replay(replayed_trace, *made,
             {.verify_reads = true, .hook = &watch, .clock = clock_.get(), .stopped = context_.stopped}));
  KVSTATE_RETURN_IF_ERROR(watch.Finish());
  KVSTATE_RETURN_IF_ERROR(CheckStored(watch.stored(), *run, *backend));
  if (!moments_.empty()) {
    backend->ttl_moments = TtlMomentFigures(moments_, watch.stored());
    AddStoredFigures(moments_, watch.stored(), &backend->probed);
  }
  KVSTATE_ASSIGN_OR_RETURN(const std::optional<uint64_t> savepoint_bytes, SavepointBytes(*made));
  if (savepoint_bytes.has_value()) {
    backend->probed["ttl_savepoint_bytes_written"] = static_cast<double>(*savepoint_bytes);
  }
  if (engine != nullptr) {
    KVSTATE_RETURN_IF_ERROR(engine->Flush(true));
    KVSTATE_ASSIGN_OR_RETURN(const EngineCounters after, engine->Collect());
    AddEngineFigures(before, after, &backend->probed);
  }
  if (auto* sweep = GetExtension<TtlSweep>(*made); sweep != nullptr) {
    AddCleanupFigures(sweep->Figures(), &backend->probed);
    // Of a timed replay: this one was looked into.
    backend->probed.erase("ttl_cleanup_time_ns");
  }
  KVSTATE_ASSIGN_OR_RETURN(const StateDigest state, DigestOfState(*made, replayed_trace.states(), context_.stopped));
  KVSTATE_RETURN_IF_ERROR(
      CheckAnswers(variant.strategy, {state, replayed.hits, replayed.read_digest.ToHex()}, *run, *backend));
  return made->Dispose();
}

Status TtlMeasurement::Repeat(const Variant& variant, const WorkloadRun& run, BackendRun* backend) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> made, Make(variant));
  StrategyTrace replayed_trace(&trace_, variant.strategy);
  TtlWatch watch(made.get(), clock_.get(), &trace_, &replayed_trace, WatchPlan(variant.strategy, false));
  for (Histogram& histogram : latencies_) histogram.Clear();
  ReplayOptions options;
  options.latencies = &latencies_;
  if (variant.strategy == TtlStrategy::kSweep) options.hook = &watch;
  options.clock = clock_.get();
  options.stopped = context_.stopped;
  KVSTATE_ASSIGN_OR_RETURN(const ReplayResult replayed, Replay(replayed_trace, *made, options));
  Repetition repetition = RepetitionOf(replayed, latencies_, context_.clock);
  if (auto* sweep = GetExtension<TtlSweep>(*made); sweep != nullptr && variant.strategy != TtlStrategy::kNoTtl) {
    Figures cleanup;
    AddCleanupFigures(sweep->Figures(), &cleanup);
    const double time_ns = cleanup["ttl_cleanup_time_ns"];
    repetition.figures["ttl_cleanup_time_ns"] = time_ns;
    repetition.figures["ttl_cleanup_time_ratio"] = time_ns / std::max(1.0, repetition.cpu_ns);
  }
  KVSTATE_ASSIGN_OR_RETURN(const StateDigest state, DigestOfState(*made, replayed_trace.states(), context_.stopped));
  KVSTATE_RETURN_IF_ERROR(CheckAnswers(variant.strategy, {state, replayed.hits, {}}, run, *backend));
  backend->repetitions.push_back(std::move(repetition));
  return made->Dispose();
}

Status TtlMeasurement::Differs(const WorkloadRun& run, const BackendRun& backend, const std::string& what) const {
  return Status(StatusCode::kAborted, "verification failed: workload '" + run.name + "' on backend '" +
                                          backend.backend + "' with cleanup '" + backend.ttl_cleanup + "': " + what);
}

Status TtlMeasurement::CheckStored(const std::vector<StoredAtMoment>& stored, const WorkloadRun& run,
                                   const BackendRun& backend) const {
  for (size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].live_values == moments_[i].live_values) continue;
    return Differs(run, backend,
                   "at " + std::to_string(moments_[i].time_ms) + " ms it has " + std::to_string(stored[i].live_values) +
                       " live values, where the trace has " + std::to_string(moments_[i].live_values));
  }
  return Status();
}

Status TtlMeasurement::CheckAnswers(TtlStrategy strategy, const Answers& answers, const WorkloadRun& run,
                                    const BackendRun& backend) {
  const bool expires = strategy != TtlStrategy::kNoTtl;
  if (!expires && !without_ttl_.has_value()) without_ttl_ = answers;
  const std::string state = expires ? run.state_digest : without_ttl_->state.digest.ToHex();
  const uint64_t entries = expires ? run.entries : without_ttl_->state.entries;
  if (answers.state.digest.ToHex() != state || answers.state.entries != entries) {
    return Differs(run, backend,
                   "its final state is " + answers.state.digest.ToHex() + " over " +
                       std::to_string(answers.state.entries) + " entries, where it should be " + state + " over " +
                       std::to_string(entries));
  }
  if (expires && reads_differ_) return Status();
  const uint64_t hits = expires ? run.hits : without_ttl_->hits;
  if (answers.hits != hits) {
    return Differs(
        run, backend,
        "its reads found " + std::to_string(answers.hits) + ", where they should find " + std::to_string(hits));
  }
  const std::string& reads = expires ? run.read_digest : without_ttl_->read_digest;
  if (answers.read_digest.empty() || answers.read_digest == reads) return Status();
  return Differs(run, backend, "its reads gave other values than they should");
}

}  // namespace kvstate::harness

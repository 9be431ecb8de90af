#include "harness/run/checkpoint_measurement.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "harness/probes/copy_probe.h"
#include "harness/run/repetition_figures.h"
#include "kvstate/extension.h"

namespace kvstate::harness {

namespace {

/// Looks at the state at each moment of a plan but the last.
class ChangeRecorder final : public ReplayHook {
 public:
  ChangeRecorder(KeyedStateBackend* backend, TraceSource* trace, const std::vector<CheckpointMoment>& plan,
                 const std::function<bool()>& stopped)
      : backend_(*backend), trace_(*trace), plan_(plan), stopped_(stopped) {
    WaitFor(plan.front().operations);
  }

  Status Between(const ReplayMoment&) override { return Look(); }

  Status Look() {
    KVSTATE_ASSIGN_OR_RETURN(StateImage image, StateImage::Take(backend_, trace_.states(), stopped_));
    expected_.push_back({image.ChangesSince(last_), image.entries()});
    last_ = std::move(image);
    WaitFor(plan_[std::min(expected_.size(), plan_.size() - 1)].operations);
    return Status();
  }

  std::vector<ExpectedCheckpoint> TakeExpected() { return std::move(expected_); }

 private:
  KeyedStateBackend& backend_;
  TraceSource& trace_;
  const std::vector<CheckpointMoment>& plan_;
  const std::function<bool()>& stopped_;
  StateImage last_;
  std::vector<ExpectedCheckpoint> expected_;
};

/// Names of workloads may be any text; those of folders not.
std::string FolderName(const std::string& name) {
  std::string folder = name;
  for (char& c : folder) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || (c == '.' && &c != folder.data());
    if (!plain) c = '_';
  }
  return folder;
}

/// The folder that one replay writes its checkpoints to. One below the work directory goes with this.
class CheckpointFolder {
 public:
  CheckpointFolder(const MeasurementContext& context, const WorkloadRun& run, const BackendRun& backend)
      : kept_(!context.checkpoint_directory.empty()),
        path_(kept_ ? context.checkpoint_directory + "/" + FolderName(run.name) + "/" + FolderName(backend.backend)
                    : context.directory.NewPath("checkpoints-" + FolderName(backend.backend))) {}
  ~CheckpointFolder() {
    std::error_code ignored;  // The work directory's end tries again.
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }
  CheckpointFolder(const CheckpointFolder&) = delete;
  CheckpointFolder& operator=(const CheckpointFolder&) = delete;

  /// An empty store: without what an earlier replay of this run left.
  Result<std::unique_ptr<CheckpointStore>> Open(uint32_t retained) const {
    KVSTATE_ASSIGN_OR_RETURN(std::shared_ptr<CheckpointStorage> storage, OpenFileSystemStorage(path_));
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<CheckpointStore> store,
                             CheckpointStore::Open(std::move(storage), {.retained = retained, .clock = nullptr}));
    for (const CheckpointMetadata& old : store->Completed()) {
      KVSTATE_RETURN_IF_ERROR(store->Discard(old.checkpoint_id));
    }
    return store;
  }
  std::string copy_path() const { return path_ + ".copy"; }

 private:
  const bool kept_;
  const std::string path_;
};

void CollectCheckpoints(const std::vector<Repetition>& repetitions, std::vector<Figures>* all) {
  for (const Repetition& repetition : repetitions) {
    all->insert(all->end(), repetition.checkpoints.begin(), repetition.checkpoints.end());
  }
}

}  // namespace

uint64_t CheckpointMeasurement::Steps(const MeasurementContext& context) {
  return 1 + context.backends.size() * (1 + context.repetitions);
}

Status CheckpointMeasurement::Step(const WorkloadRun& run, const std::string& what) {
  if (context_.stopped()) return CancelledError("interrupted");
  context_.progress.BeginStep(run.name + ": " + what);
  return Status();
}

Result<std::unique_ptr<KeyedStateBackend>> CheckpointMeasurement::Make(const BackendRun& backend) {
  return MakeBackend(context_.registry, {backend.backend, backend.engine_options}, trace_.header().key_serializer,
                     trace_.header().max_parallelism, context_.directory, clock_);
}

Status CheckpointMeasurement::Run(WorkloadRun* run) {
  run->checkpoint_runs.clear();
  KVSTATE_RETURN_IF_ERROR(Plan(run));
  for (const BackendRun& measured : run->backends) {
    if (!measured.noise_twin) KVSTATE_RETURN_IF_ERROR(Await(measured, run));
  }
  KVSTATE_RETURN_IF_ERROR(Repeat(run));
  for (BackendRun& backend : run->checkpoint_runs) {
    TakeMedians(&backend);
    std::vector<Figures> all;
    CollectCheckpoints(backend.repetitions, &all);
    AddTimeFigures(all, &backend.medians);
    const auto without = std::find_if(run->backends.begin(), run->backends.end(),
                                      [&](const BackendRun& other) { return other.backend == backend.backend; });
    backend.medians["operations_per_second_ratio"] =
        backend.operations_per_second.median / without->operations_per_second.median;
  }
  return Status();
}

Status CheckpointMeasurement::Plan(WorkloadRun* run) {
  KVSTATE_RETURN_IF_ERROR(Step(*run, "what changes between checkpoints"));
  KVSTATE_ASSIGN_OR_RETURN(plan_, PlanCheckpoints(trace_, settings_, context_.stopped));
  const BackendRun& first = run->backends.front();
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> backend, Make(first));
  ChangeRecorder recorder(backend.get(), &trace_, plan_, context_.stopped);
  KVSTATE_ASSIGN_OR_RETURN(
      const ReplayResult replayed,
      Replay(trace_, *backend, {.hook = &recorder, .clock = clock_.get(), .stopped = context_.stopped}));
  KVSTATE_RETURN_IF_ERROR(recorder.Look());
  static_cast<void>(replayed);
  expected_ = recorder.TakeExpected();
  KVSTATE_RETURN_IF_ERROR(backend->Dispose());

  CheckpointRequest& request = run->checkpoint_request.emplace();
  request.kind = SnapshotKindName(settings_.kind);
  const bool by_operations = settings_.interval_operations > 0;
  request.interval_unit = by_operations ? "operations" : "ms";
  request.interval = by_operations ? settings_.interval_operations : settings_.interval_ms;
  request.retained = settings_.retained;
  request.planned = plan_.size();
  for (const ExpectedCheckpoint& expected : expected_) request.bytes_changed += expected.change.bytes;
  return Status();
}

Status CheckpointMeasurement::Await(const BackendRun& measured, WorkloadRun* run) {
  KVSTATE_RETURN_IF_ERROR(Step(*run, "checkpoints of " + measured.backend + ", awaited"));
  KVSTATE_ASSIGN_OR_RETURN(const std::optional<Outcome> outcome, ReplayOnce(measured, *run, true));
  if (!outcome.has_value()) return Status();
  BackendRun& backend = run->checkpoint_runs.emplace_back();
  backend.backend = measured.backend;
  backend.with_checkpoints = true;
  backend.engine_options = measured.engine_options;
  for (size_t i = 0; i < outcome->taken.size(); ++i) {
    backend.checkpoints.push_back(AwaitedCheckpointFigures(outcome->taken[i], expected_[i], outcome->copy_times_ns[i]));
    backend.checkpoints.back()["time_ms"] = static_cast<double>(plan_[i].time_ms);
  }
  AddSizeFigures(backend.checkpoints, &backend.probed);
  return Status();
}

Status CheckpointMeasurement::Repeat(WorkloadRun* run) {
  const size_t participants = run->checkpoint_runs.size();
  for (uint64_t round = 0; round < context_.repetitions; ++round) {
    for (size_t turn = 0; turn < participants; ++turn) {
      BackendRun& backend = run->checkpoint_runs[(round + turn) % participants];
      KVSTATE_RETURN_IF_ERROR(Step(*run, backend.backend + " with checkpoints, repetition " +
                                             std::to_string(round + 1) + " of " +
                                             std::to_string(context_.repetitions)));
      KVSTATE_ASSIGN_OR_RETURN(const std::optional<Outcome> outcome, ReplayOnce(backend, *run, false));
      if (!outcome.has_value()) return InternalError("backend '" + backend.backend + "' no longer has snapshots");
      Repetition& repetition =
          backend.repetitions.emplace_back(RepetitionOf(outcome->replayed, latencies_, context_.clock));
      double delayed = 0;
      for (const TakenCheckpoint& taken : outcome->taken) {
        repetition.checkpoints.push_back(CheckpointFigures(taken));
        delayed += taken.delayed ? 1 : 0;
      }
      repetition.figures["checkpoints_taken"] = static_cast<double>(outcome->taken.size());
      repetition.figures["checkpoints_delayed"] = delayed;
      repetition.figures["checkpoints_skipped"] = static_cast<double>(outcome->skipped);
      AddTimeFigures(repetition.checkpoints, &repetition.figures);
      AddRestoreFigures(outcome->restore, outcome->restore_copy_time_ns, &repetition.figures);
    }
  }
  return Status();
}

Result<std::optional<CheckpointMeasurement::Outcome>> CheckpointMeasurement::ReplayOnce(const BackendRun& backend,
                                                                                        const WorkloadRun& run,
                                                                                        bool await_each) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> made, Make(backend));
  auto* snapshots = GetExtension<Snapshots>(*made);
  if (snapshots == nullptr) return std::optional<Outcome>();
  const CheckpointFolder folder(context_, run, backend);
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<CheckpointStore> store, folder.Open(settings_.retained));
  Outcome outcome;
  CheckpointDriverOptions options{.plan = plan_,
                                  .kind = settings_.kind,
                                  .retained = settings_.retained,
                                  .await_each = await_each,
                                  .stopped = context_.stopped};
  options.completed = [&](const TakenCheckpoint& taken) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t time_ns,
                             TimeToWrite(folder.copy_path(), taken.outcome.figures.bytes_written, context_.stopped));
    outcome.copy_times_ns.push_back(time_ns);
    return Status();
  };
  std::optional<ReadTarget> first_read;
  {
    CheckpointDriver driver(snapshots, store.get(), options);
    const SteadyState steady_state(steady_state_, &context_.directory, context_.stopped);
    for (Histogram& histogram : latencies_) histogram.Clear();
    ReplayOptions replay{.latencies = &latencies_, .hook = &driver, .clock = clock_.get(), .stopped = context_.stopped};
    replay.filled = [&](const ReplayMoment& moment) -> Status {
      KVSTATE_RETURN_IF_ERROR(driver.TakeFirst(moment));
      return steady_state.Settle(*made);
    };
    KVSTATE_ASSIGN_OR_RETURN(outcome.replayed, Replay(trace_, *made, replay));
    const Status finished = driver.Finish(outcome.replayed.fill_operations + outcome.replayed.operations);
    if (!finished.ok()) return finished.WithContext("backend '" + backend.backend + "'");
    KVSTATE_ASSIGN_OR_RETURN(const StateDigest state, DigestOfState(*made, trace_.states(), context_.stopped));
    KVSTATE_RETURN_IF_ERROR(CheckState(state, "its final state, with checkpoints,", run, backend));
    KVSTATE_ASSIGN_OR_RETURN(first_read, FindReadTarget(*made, trace_.states()));
    outcome.taken = driver.taken();
    outcome.skipped = driver.skipped();
  }
  KVSTATE_RETURN_IF_ERROR(made->Dispose());
  KVSTATE_RETURN_IF_ERROR(RestoreLast(backend, run, *store, first_read, folder.copy_path(), &outcome));
  return std::optional<Outcome>(std::move(outcome));
}

Status CheckpointMeasurement::RestoreLast(const BackendRun& backend, const WorkloadRun& run, CheckpointStore& store,
                                          const std::optional<ReadTarget>& first_read, const std::string& copy_path,
                                          Outcome* outcome) {
  const std::vector<CheckpointMetadata> completed = store.Completed();
  if (completed.empty()) return InternalError("no checkpoint of backend '" + backend.backend + "' is complete");
  Result<MeasuredRestore> restore = MeasureRestore(
      completed.back(), store.storage(), [&] { return Make(backend); }, first_read, trace_.states(), context_.stopped);
  if (!restore.ok()) {
    return restore.status().WithContext("restoring the last checkpoint on backend '" + backend.backend + "'");
  }
  outcome->restore = std::move(restore).value();
  KVSTATE_RETURN_IF_ERROR(
      CheckState(outcome->restore.state, "the state restored from its last checkpoint", run, backend));
  KVSTATE_ASSIGN_OR_RETURN(outcome->restore_copy_time_ns,
                           TimeToWrite(copy_path, outcome->restore.bytes, context_.stopped));
  return Status();
}

Status CheckpointMeasurement::CheckState(const StateDigest& state, const std::string& which, const WorkloadRun& run,
                                         const BackendRun& backend) const {
  if (state.digest.ToHex() == run.state_digest && state.entries == run.entries) return Status();
  return Status(StatusCode::kAborted, "verification failed: workload '" + run.name + "' on backend '" +
                                          backend.backend + "': " + which + " is " + state.digest.ToHex() + " over " +
                                          std::to_string(state.entries) + " entries, where it should be " +
                                          run.state_digest + " over " + std::to_string(run.entries));
}

}  // namespace kvstate::harness

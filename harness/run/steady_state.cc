#include "harness/run/steady_state.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "harness/run/checkpoint_plan.h"
#include "harness/run/checkpoint_worker.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/snapshots.h"

namespace kvstate::harness {

Result<std::optional<SnapshotKind>> ParseFillCheckpoint(std::string_view name) {
  if (name == "none") return std::optional<SnapshotKind>();
  const Result<SnapshotKind> kind = ParseSnapshotKind(name);
  if (!kind.ok()) return InvalidArgumentError(std::string(kind.status().message()) + ", none");
  return std::optional<SnapshotKind>(*kind);
}

std::string_view FillCheckpointName(const std::optional<SnapshotKind>& kind) {
  return kind.has_value() ? SnapshotKindName(*kind) : "none";
}

SteadyState::~SteadyState() {
  store_.reset();
  std::error_code ignored;  // The work directory's end tries again.
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Status SteadyState::Reach(KeyedStateBackend& backend) {
  if (settings_.checkpoint.has_value()) KVSTATE_RETURN_IF_ERROR(TakeCheckpoint(backend));
  return Settle(backend);
}

Status SteadyState::Settle(KeyedStateBackend& backend) const {
  auto* engine = GetExtension<EngineStatistics>(backend);
  if (!settings_.settle || engine == nullptr) return Status();
  return engine->Flush(/*compact=*/true);
}

Status SteadyState::TakeCheckpoint(KeyedStateBackend& backend) {
  auto* snapshots = GetExtension<Snapshots>(backend);
  if (snapshots == nullptr) return Status();
  path_ = directory_.NewPath("filled");
  KVSTATE_ASSIGN_OR_RETURN(std::shared_ptr<CheckpointStorage> storage, OpenFileSystemStorage(path_));
  KVSTATE_ASSIGN_OR_RETURN(store_, CheckpointStore::Open(std::move(storage), {.retained = 1, .clock = nullptr}));
  const uint64_t id = store_->Begin();
  SnapshotOptions options;
  options.kind = *settings_.checkpoint;
  Result<std::unique_ptr<SnapshotTask>> task = snapshots->Snapshot(id, store_->storage(), options);
  if (!task.ok()) return task.status().WithContext("the checkpoint after filling");
  CheckpointWorker worker(store_.get(), 1, [] {});
  worker.Start(id, options.kind, std::move(task).value());
  const CheckpointOutcome outcome = worker.AwaitOutcome(stopped_);
  if (outcome.status.ok()) return snapshots->NotifyComplete(id);
  // The checkpoint's own failure is the one to tell.
  static_cast<void>(snapshots->NotifyAborted(id));
  return outcome.status.WithContext("the checkpoint after filling");
}

}  // namespace kvstate::harness

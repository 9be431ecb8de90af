#include "tests/support/faulty_snapshots.h"

#include <atomic>
#include <string>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/extension.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"

namespace kvstate::testing_support {

namespace {

/// Takes the snapshot no sooner than it runs.
class LateTask final : public SnapshotTask {
 public:
  LateTask(std::weak_ptr<KeyedStateBackend> backend, uint64_t checkpoint_id, std::shared_ptr<CheckpointStorage> storage,
           const SnapshotOptions& options)
      : backend_(std::move(backend)), checkpoint_id_(checkpoint_id), storage_(std::move(storage)), options_(options) {}
  Result<SnapshotResult> Run() override {
    const auto backend = backend_.lock();
    if (cancelled_ || backend == nullptr) return CancelledError("cancelled, or its backend is gone");
    auto task = kvstate::GetExtension<Snapshots>(*backend)->Snapshot(checkpoint_id_, storage_, options_);
    if (!task.ok()) return task.status();
    return (*task)->Run();
  }
  void Cancel() override { cancelled_ = true; }

 private:
  std::atomic<bool> cancelled_ = false;
  const std::weak_ptr<KeyedStateBackend> backend_;
  const uint64_t checkpoint_id_;
  const std::shared_ptr<CheckpointStorage> storage_;
  const SnapshotOptions options_;
};

class FaultyTask final : public SnapshotTask {
 public:
  FaultyTask(std::string name, std::unique_ptr<SnapshotTask> inner, Fault fault)
      : name_(std::move(name)), inner_(std::move(inner)), fault_(fault) {}
  Result<SnapshotResult> Run() override {
    auto result = inner_->Run();
    if (result.ok()) result->handle.backend = name_;
    if (fault_ == Fault::kReusedFilesUncounted && result.ok()) {
      result->figures.files_reused = result->figures.bytes_reused = 0;
    }
    return result;
  }
  void Cancel() override {
    if (fault_ != Fault::kCancelIgnored) inner_->Cancel();
  }

 private:
  const std::string name_;
  const std::unique_ptr<SnapshotTask> inner_;
  const Fault fault_;
};

/// The first state of values without namespaces that has something, and what it has first.
struct FirstValue {
  InternalValueState* state = nullptr;
  std::string key;
  TypedObject value;
};

}  // namespace

FaultySnapshots::FaultySnapshots(std::string name, std::shared_ptr<KeyedStateBackend> backend, Fault fault,
                                 FaultyTimers* timers, Maker make_whole)
    : name_(std::move(name)),
      backend_(std::move(backend)),
      inner_(kvstate::GetExtension<Snapshots>(*backend_)),
      fault_(fault),
      timers_(timers),
      make_whole_(std::move(make_whole)) {}

Result<std::unique_ptr<SnapshotTask>> FaultySnapshots::SnapshotWithoutAKey(uint64_t checkpoint_id,
                                                                           std::shared_ptr<CheckpointStorage> storage,
                                                                           const SnapshotOptions& options) {
  FirstValue first;
  for (const std::string& name : backend_->StateNames()) {
    // Whatever else it may be, it is refused.
    const auto made =
        backend_->GetOrCreateState(SerializerFor<VoidNamespace>(), ValueStateDescriptor<std::string>(name));
    if (!made.ok()) continue;
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, (*made)->Visit());
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> entries, visitor->NextBatch(1));
    if (entries.empty()) continue;
    first.state = static_cast<InternalValueState*>(*made);
    first.key = entries[0].key;
    first.value = TypedObject(first.state->descriptor().value_serializer, entries[0].value);
    KVSTATE_RETURN_IF_ERROR(visitor->Remove(entries[0]));
    break;
  }
  auto task = inner_->Snapshot(checkpoint_id, std::move(storage), options);
  if (first.state == nullptr) return task;
  const std::string current(backend_->current_key());
  KVSTATE_RETURN_IF_ERROR(backend_->SetCurrentKey(EncodeKey(*backend_, first.key)));
  KVSTATE_RETURN_IF_ERROR(first.state->Update(first.value.get()));
  backend_->SetCurrentKey(EncodeKey(*backend_, current)).IgnoreError();
  return task;
}

Result<std::unique_ptr<SnapshotTask>> FaultySnapshots::Snapshot(uint64_t checkpoint_id,
                                                                std::shared_ptr<CheckpointStorage> storage,
                                                                const SnapshotOptions& options) {
  if (fault_ == Fault::kSnapshotMissesAKey) return SnapshotWithoutAKey(checkpoint_id, std::move(storage), options);
  if (fault_ == Fault::kSnapshotOfLater) {
    return std::unique_ptr<SnapshotTask>(
        std::make_unique<LateTask>(backend_, checkpoint_id, std::move(storage), options));
  }
  if (fault_ == Fault::kConfirmsUnasked && last_id_ != 0) KVSTATE_RETURN_IF_ERROR(inner_->NotifyComplete(last_id_));
  if (fault_ == Fault::kIdsUnchecked && checkpoint_id <= last_id_) checkpoint_id = last_id_ + 1;
  if (fault_ == Fault::kUnclaimedForgotten) {
    for (const SavedState& state : inner_->UnclaimedStates()) {
      KVSTATE_RETURN_IF_ERROR(backend_->RemoveState(state.name));
    }
  }
  if (fault_ == Fault::kTimerUnsaved) KVSTATE_RETURN_IF_ERROR(timers_->TakeOne());
  auto begun = inner_->Snapshot(checkpoint_id, std::move(storage), options);
  KVSTATE_RETURN_IF_ERROR(timers_->PutItBack());
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<SnapshotTask> task, std::move(begun));
  last_id_ = checkpoint_id;
  return std::unique_ptr<SnapshotTask>(std::make_unique<FaultyTask>(name_, std::move(task), fault_));
}

Status FaultySnapshots::Restore(std::span<const KeyedStateHandle> handles, std::shared_ptr<CheckpointStorage> storage,
                                const RestoreOptions& options) {
  RestoreOptions given = options;
  if (fault_ == Fault::kClaimsUnasked) given.claim = true;
  Status status = inner_->Restore(handles, storage, given);
  if (status.ok() && fault_ == Fault::kForeignTimersKept) {
    KVSTATE_ASSIGN_OR_RETURN(auto whole, make_whole_());
    KVSTATE_RETURN_IF_ERROR(kvstate::GetExtension<Snapshots>(*whole)->Restore(handles, storage, {}));
    timers_->KeepForeign(std::move(whole));
  }
  if (fault_ == Fault::kRefusalsIgnored && status.code() == StatusCode::kInvalidArgument) return Status();
  if (fault_ == Fault::kDamageIgnored && status.code() == StatusCode::kDataLoss) return Status();
  return status;
}

}  // namespace kvstate::testing_support

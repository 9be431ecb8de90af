#include "harness/run/checkpoint_worker.h"

#include <cassert>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "harness/probes/tick_clock.h"

namespace kvstate::harness {

namespace {

constexpr std::chrono::milliseconds kBetweenQuestions{20};

}  // namespace

CheckpointWorker::CheckpointWorker(CheckpointStore* store, uint32_t retained, std::function<void()> wake)
    : store_(*store), retained_(retained), wake_(std::move(wake)), thread_([this] { Loop(); }) {}

CheckpointWorker::~CheckpointWorker() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    if (task_ != nullptr) task_->Cancel();
  }
  changed_.notify_all();
  thread_.join();
}

void CheckpointWorker::Start(uint64_t checkpoint_id, SnapshotKind kind, std::unique_ptr<SnapshotTask> task) {
  assert(!busy_);
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    task_ = std::move(task);
    checkpoint_id_ = checkpoint_id;
    kind_ = kind;
    has_work_ = true;
    has_run_ = false;
    outcome_.reset();
  }
  changed_.notify_all();
}

bool CheckpointWorker::has_run() const {
  const std::lock_guard lock(mutex_);
  return has_run_;
}

std::optional<CheckpointOutcome> CheckpointWorker::TakeOutcome() {
  const std::lock_guard lock(mutex_);
  std::optional<CheckpointOutcome> outcome = std::exchange(outcome_, std::nullopt);
  if (outcome.has_value()) busy_ = false;
  return outcome;
}

CheckpointOutcome CheckpointWorker::AwaitOutcome(const std::function<bool()>& stopped) {
  assert(busy_);
  {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kBetweenQuestions, [this] { return outcome_.has_value(); })) {
      if (stopped() && task_ != nullptr) task_->Cancel();
    }
  }
  return *TakeOutcome();
}

void CheckpointWorker::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return has_work_ || ends_; });
    if (!has_work_) return;
    has_work_ = false;
    const uint64_t id = checkpoint_id_;
    const SnapshotKind kind = kind_;
    lock.unlock();
    CheckpointOutcome outcome = RunOne(id, kind);
    lock.lock();
    outcome_ = std::move(outcome);
    changed_.notify_all();
    wake_();
  }
}

CheckpointOutcome CheckpointWorker::RunOne(uint64_t checkpoint_id, SnapshotKind kind) {
  CheckpointOutcome outcome;
  const uint64_t start = SteadyNanoseconds();
  Result<SnapshotResult> result = task_->Run();
  outcome.asynchronous_time_ns = SteadyNanoseconds() - start;
  std::unique_ptr<SnapshotTask> ended;
  {
    const std::lock_guard lock(mutex_);
    has_run_ = true;
    ended = std::move(task_);
  }
  wake_();
  ended.reset();
  outcome.status = result.status();
  if (outcome.status.ok()) {
    outcome.figures = result->figures;
    const uint64_t completing = SteadyNanoseconds();
    outcome.status = Complete(checkpoint_id, kind, std::move(result->handle));
    outcome.completion_time_ns = SteadyNanoseconds() - completing;
  }
  if (!outcome.status.ok()) {
    const Status aborted = store_.Abort(checkpoint_id);
    // What went wrong first is what is told.
    if (!aborted.ok()) outcome.status = outcome.status.WithContext("not cleaned up: " + std::string(aborted.message()));
  }
  return outcome;
}

Status CheckpointWorker::Complete(uint64_t checkpoint_id, SnapshotKind kind, KeyedStateHandle handle) {
  std::vector<KeyedStateHandle> handles;
  handles.push_back(std::move(handle));
  KVSTATE_RETURN_IF_ERROR(store_.Complete(checkpoint_id, kind, std::move(handles)));
  if (kind != SnapshotKind::kSavepoint) return Status();
  // A store keeps savepoints for ever; those of a replay are as good as its checkpoints.
  std::vector<CheckpointMetadata> completed = store_.Completed();
  for (size_t i = 0; i + retained_ < completed.size(); ++i) {
    KVSTATE_RETURN_IF_ERROR(store_.Discard(completed[i].checkpoint_id));
  }
  return Status();
}

}  // namespace kvstate::harness

#include <algorithm>
#include <array>

#include "kvstate/extension.h"
#include "tests/model/executor.h"

namespace kvstate::model {

namespace {

constexpr size_t kHeldAtMost = 3;
constexpr std::array kKinds = {SnapshotKind::kFullCheckpoint, SnapshotKind::kIncrementalCheckpoint,
                               SnapshotKind::kSavepoint};

}  // namespace

Snapshots& Executor::snapshots() const {
  auto* snapshots = GetExtension<Snapshots>(*backend_);
  Agree(snapshots != nullptr, "no snapshots");
  return *snapshots;
}

void Executor::BeginSnapshot(const Step& step) {
  if (held_.size() == kHeldAtMost) AbortHeldSnapshots();
  HeldSnapshot& held = held_.emplace_back();
  held.kind = kKinds[step.n % kKinds.size()];
  held.id = store_->Begin();
  SnapshotOptions options;
  options.kind = held.kind;
  options.compress = step.key % 2 == 1;
  held.task = Ok(snapshots().Snapshot(held.id, store_->storage(), options));
  Moment& moment = moments_[held.id];
  for (const Subject& subject : subjects_) moment.contents.push_back(subject.contents());
  for (const QueueSubject& queue : queues_) moment.timers.push_back(queue.timers);
}

void Executor::EndSnapshot(const Step& step) {
  if (held_.empty()) return;
  // In any order.
  const auto which = held_.begin() + static_cast<std::ptrdiff_t>(step.key % held_.size());
  if (!which->handle.has_value()) {
    if (step.n % 8 == 0) which->task->Cancel();
    auto result = which->task->Run();
    if (step.n % 8 == 0) {
      Agree(result.status().code() == StatusCode::kCancelled, "a cancelled snapshot runs");
    } else {
      which->handle = Ok(std::move(result)).handle;
    }
    // It ran; what becomes of it another step says.
    if (step.n % 8 == 1) return;
  }
  const HeldSnapshot held = std::move(*which);
  held_.erase(which);
  if (step.n % 8 < 3 || !held.handle.has_value()) {
    Ok(store_->Abort(held.id));
    return Ok(snapshots().NotifyAborted(held.id));
  }
  Ok(store_->Complete(held.id, held.kind, {*held.handle}));
  Ok(snapshots().NotifyComplete(held.id));
}

void Executor::AbortHeldSnapshots() {
  for (const HeldSnapshot& held : held_) {
    Ok(store_->Abort(held.id));
    Ok(snapshots().NotifyAborted(held.id));
  }
  held_.clear();
}

const BackendFactory* Executor::FactoryFor(const KeyedStateHandle& handle, uint8_t which) const {
  if (source_.others == nullptr) return source_.factory;
  // An engine's own files are for the backend that wrote them; streams are for every one.
  if (handle.format != kStateStreamFormat) return Ok(source_.others->Find(handle.backend));
  const std::vector<std::string> names = source_.others->Names();
  return which < names.size() ? Ok(source_.others->Find(names[which])) : source_.factory;
}

void Executor::Restore(const Step& step) {
  const std::vector<CheckpointMetadata> complete = store_->Completed();
  if (complete.empty()) return;
  AbortHeldSnapshots();
  walks_.clear();
  keys_.clear();
  visitors_.clear();
  CheckpointMetadata from = complete[std::min<size_t>(step.key, complete.size() - 1)];
  if (step.n % 8 >= 6 && source_.max_parallelism > 1) from = Rescaled(from, step);
  backend_ = source_.make(*FactoryFor(from.handles[0], step.user_key), {0, source_.max_parallelism - 1});
  current_key_.reset();
  const Moment& moment = moments_.at(from.checkpoint_id);
  for (size_t i = 0; i < subjects_.size(); ++i) {
    subjects_[i].Attach(nullptr);
    subjects_[i].contents() = moment.contents[i];
  }
  for (size_t i = 0; i < queues_.size(); ++i) {
    queues_[i].queue = nullptr;
    queues_[i].timers = moment.timers[i];
    queues_[i].storage = (step.state >> i) % 2 == 0 ? TimerStorage::kHeap : TimerStorage::kBackend;
  }
  RestoreOptions options;
  options.claim = step.n % 2 == 1;
  Ok(snapshots().Restore(from.handles, store_->storage(), options));
  SetClock(now());
  CheckNumEntries(" of what nobody asked for yet");
}

CheckpointMetadata Executor::Rescaled(const CheckpointMetadata& from, const Step& step) {
  const uint64_t id = store_->Begin();
  SnapshotOptions options;
  options.kind = kKinds[step.state_namespace % kKinds.size()];
  const BackendFactory& factory = *FactoryFor(from.handles[0], step.user_key);
  std::vector<KeyedStateHandle> halves;
  for (uint32_t i = 0; i < 2; ++i) {
    const auto half = source_.make(factory, KeyGroupRangeOf(source_.max_parallelism, 2, i));
    auto* of_half = GetExtension<Snapshots>(*half);
    Ok(of_half->Restore(from.handles, store_->storage(), {}));
    halves.push_back(Ok(Ok(of_half->Snapshot(id, store_->storage(), options))->Run()).handle);
  }
  Ok(store_->Complete(id, options.kind, halves));
  moments_[id] = moments_.at(from.checkpoint_id);
  return store_->Completed().back();
}

}  // namespace kvstate::model

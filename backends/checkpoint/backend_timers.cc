#include "backends/checkpoint/backend_timers.h"

#include <algorithm>
#include <utility>

#include "backends/checkpoint/timer_stream.h"
#include "backends/common/timer_format.h"

namespace kvstate::backends {

namespace {

std::string NameOf(std::string_view prefix, std::string_view queue) { return std::string(prefix).append(queue); }

Status RefuseQueue(std::string_view name, std::string_view what) {
  return InvalidArgumentError("timers '" + std::string(name) + "' " + std::string(what));
}

}  // namespace

std::vector<BackendTimers::Unclaimed>::iterator BackendTimers::FindUnclaimed(std::string_view state_name) {
  return std::find_if(unclaimed_.begin(), unclaimed_.end(), [&](const auto& u) { return u.saved.name == state_name; });
}

Status BackendTimers::CheckNamespace(std::string_view queue, const SavedState* restored,
                                     const SerializerSnapshot& namespace_serializer) const {
  if (restored == nullptr || restored->namespace_serializer == namespace_serializer) return Status();
  return RefuseQueue(queue, "were restored with another namespace serializer: it was '" +
                                restored->namespace_serializer.type_id + "', and is '" + namespace_serializer.type_id +
                                "' now; use the one they were written with, or another name");
}

Result<std::unique_ptr<BackendTimerQueue>> BackendTimers::MakeQueue(std::string_view name,
                                                                    SerializerPtr namespace_serializer,
                                                                    TimerStorage storage) {
  const SerializerSnapshot of_namespace = namespace_serializer->Snapshot();
  if (storage == TimerStorage::kBackend) {
    const SavedState saved = SavedTimers(kStoreTimersPrefix, name, of_namespace);
    const bool restored = host_.FindUnclaimedTimers(saved.name) != nullptr;
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<BackendTimerQueue> queue,
                             host_.MakeStoreQueue(std::move(namespace_serializer), name, saved, restored));
    if (restored) host_.ForgetUnclaimedTimers(saved.name);
    return queue;
  }
  std::shared_ptr<HeapTimers> timers;
  if (const auto restored = FindUnclaimed(NameOf(kHeapTimersPrefix, name)); restored != unclaimed_.end()) {
    timers = std::move(restored->timers);
    unclaimed_.erase(restored);
  } else {
    timers = std::make_shared<HeapTimers>(host_.TimerKeys().range().size());
  }
  return std::unique_ptr<BackendTimerQueue>(std::make_unique<HeapTimerQueue>(
      host_.TimerKeys(), std::move(namespace_serializer), std::string(name), std::move(timers)));
}

Result<BackendTimers::Queue*> BackendTimers::FindOrMake(std::string_view name, SerializerPtr namespace_serializer,
                                                        TimerStorage storage) {
  const SerializerSnapshot of_namespace = namespace_serializer->Snapshot();
  for (Queue& queue : queues_) {
    if (queue.name != name) continue;
    if (queue.saved.namespace_serializer != of_namespace) {
      return RefuseQueue(name, "exist already with another namespace serializer; use another name");
    }
    if (queue.queue->storage() != storage) {
      return RefuseQueue(name, "exist already in another storage; where they live can change at a restore");
    }
    return &queue;
  }
  const auto on_heap = FindUnclaimed(NameOf(kHeapTimersPrefix, name));
  KVSTATE_RETURN_IF_ERROR(CheckNamespace(name, on_heap == unclaimed_.end() ? nullptr : &on_heap->saved, of_namespace));
  KVSTATE_RETURN_IF_ERROR(
      CheckNamespace(name, host_.FindUnclaimedTimers(NameOf(kStoreTimersPrefix, name)), of_namespace));
  Queue queue;
  queue.name = name;
  queue.saved =
      SavedTimers(storage == TimerStorage::kBackend ? kStoreTimersPrefix : kHeapTimersPrefix, name, of_namespace);
  KVSTATE_ASSIGN_OR_RETURN(queue.queue, MakeQueue(name, std::move(namespace_serializer), storage));
  queues_.push_back(std::move(queue));
  return &queues_.back();
}

Status BackendTimers::TakeOver(Queue& queue) {
  if (queue.queue->storage() == TimerStorage::kBackend) {
    const auto on_heap = FindUnclaimed(NameOf(kHeapTimersPrefix, queue.name));
    if (on_heap == unclaimed_.end()) return Status();
    HeapTimers& timers = *on_heap->timers;
    for (size_t group = 0; group < timers.groups(); ++group) {
      KVSTATE_RETURN_IF_ERROR(timers.ForEach(
          group, [&](const StoredTimer& timer) { return queue.queue->AddStored(group, StoredTimer(timer)).status(); }));
    }
    unclaimed_.erase(on_heap);
    return Status();
  }
  const SavedState* const stored = host_.FindUnclaimedTimers(NameOf(kStoreTimersPrefix, queue.name));
  if (stored == nullptr) return Status();
  const auto add = [&](uint32_t key_group, ByteView key) -> Status {
    size_t group = 0;
    KVSTATE_RETURN_IF_ERROR(queue.queue->format().GroupIndex(key_group, &group));
    KVSTATE_ASSIGN_OR_RETURN(StoredTimer timer, ReadStreamedTimer(key));
    return queue.queue->AddStored(group, std::move(timer)).status();
  };
  KVSTATE_RETURN_IF_ERROR(host_.ForEachUnclaimedTimer(*stored, add));
  return host_.DropUnclaimedTimers(*stored);
}

Result<TimerQueue*> BackendTimers::GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                                    TimerStorage storage) {
  KVSTATE_RETURN_IF_ERROR(host_.CheckUsable());
  if (name.empty() || name.size() > kMaxQueueNameBytes) {
    return InvalidArgumentError("a queue of timers needs a name of 1 to " + std::to_string(kMaxQueueNameBytes) +
                                " bytes; this one has " + std::to_string(name.size()));
  }
  if (namespace_serializer == nullptr) return RefuseQueue(name, "need a namespace serializer; it is null");
  if (!host_.HasTimerStore()) storage = TimerStorage::kHeap;
  KVSTATE_ASSIGN_OR_RETURN(Queue* const queue, FindOrMake(name, std::move(namespace_serializer), storage));
  // Also of a queue that is there: an earlier call may have failed on the way.
  const Status taken = TakeOver(*queue);
  if (!taken.ok()) return taken.WithContext("timers '" + std::string(name) + "' could not be taken over");
  return queue->queue.get();
}

std::vector<std::string> BackendTimers::QueueNames() const {
  std::vector<std::string> names;
  names.reserve(queues_.size());
  for (const Queue& queue : queues_) names.push_back(queue.name);
  return names;
}

std::vector<SavedState> BackendTimers::StoredStates() const {
  std::vector<SavedState> states;
  for (const Queue& queue : queues_) {
    if (queue.queue->storage() == TimerStorage::kBackend) states.push_back(queue.saved);
  }
  return states;
}

std::unique_ptr<SnapshotWork> BackendTimers::AddTo(std::unique_ptr<SnapshotWork> work,
                                                   const KeyedStateHandle& handle) const {
  std::vector<TimersToWrite> to_write;
  for (const Queue& queue : queues_) {
    const auto* const on_heap = dynamic_cast<const HeapTimerQueue*>(queue.queue.get());
    if (on_heap != nullptr) to_write.push_back({queue.saved, HeapTimers::NewView(on_heap->timers())});
  }
  for (const Unclaimed& unclaimed : unclaimed_) {
    to_write.push_back({unclaimed.saved, HeapTimers::NewView(unclaimed.timers)});
  }
  if (to_write.empty()) return work;
  return WithTimers(std::move(work), handle, std::move(to_write));
}

Status BackendTimers::Restore(CheckpointStorage& storage, std::span<const KeyedStateHandle> timers,
                              const std::vector<SavedState>& states) {
  const KeyGroupRange range = host_.TimerKeys().range();
  for (const SavedState& state : states) {
    if (!IsHeapTimersState(state.name)) continue;
    unclaimed_.push_back({state, std::make_shared<HeapTimers>(range.size())});
  }
  for (const KeyedStateHandle& handle : timers) {
    std::vector<HeapTimers*> queue_of;
    for (const SavedState& state : handle.states) queue_of.push_back(FindUnclaimed(state.name)->timers.get());
    KVSTATE_RETURN_IF_ERROR(
        ReadTimers(storage, handle, range, [&](size_t queue, uint32_t key_group, StoredTimer timer) {
          queue_of[queue]->Add(key_group - range.first, std::move(timer));
        }));
  }
  return Status();
}

void BackendTimers::Dispose() {
  for (const Queue& queue : queues_) queue.queue->Dispose();
  unclaimed_.clear();
}

}  // namespace kvstate::backends

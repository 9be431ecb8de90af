#include "harness/replay/recording_timers.h"

#include <utility>

#include "kvstate/extension.h"

namespace kvstate::harness {

namespace {

class RecordingQueue final : public TimerQueue {
 public:
  RecordingQueue(TimerQueue* inner, Recorder* recorder, uint32_t number)
      : inner_(*inner), recorder_(*recorder), number_(number) {}

  Result<bool> Add(const Timer& timer) override { return Change(Operation::kTimerAdd, timer, inner_.Add(timer)); }
  Result<bool> Remove(const Timer& timer) override {
    return Change(Operation::kTimerRemove, timer, inner_.Remove(timer));
  }
  Result<bool> Peek(Timer* head) override { return Look(Operation::kTimerPeek, inner_.Peek(head)); }
  Result<bool> Poll(Timer* head) override { return Look(Operation::kTimerPoll, inner_.Poll(head)); }
  Result<uint64_t> Size() override { return inner_.Size(); }
  Status ForEach(uint32_t key_group, const std::function<Status(const Timer& timer)>& visit) override {
    return inner_.ForEach(key_group, visit);
  }

 private:
  Result<bool> Change(Operation operation, const Timer& timer, Result<bool> outcome) {
    if (!outcome.ok()) return outcome;
    KVSTATE_RETURN_IF_ERROR(recorder_.Record({.operation = operation,
                                              .state = number_,
                                              .user_key = timer.key,
                                              .value = timer.state_namespace,
                                              .timestamp = timer.timestamp}));
    return outcome;
  }
  Result<bool> Look(Operation operation, Result<bool> outcome) {
    if (outcome.ok()) KVSTATE_RETURN_IF_ERROR(recorder_.Record({.operation = operation, .state = number_}));
    return outcome;
  }

  TimerQueue& inner_;
  Recorder& recorder_;
  const uint32_t number_;
};

}  // namespace

RecordingTimers::~RecordingTimers() = default;

Result<TimerQueue*> RecordingTimers::GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                                      TimerStorage storage) {
  KVSTATE_ASSIGN_OR_RETURN(TimerQueue * inner, inner_.GetOrCreateQueue(name, namespace_serializer, storage));
  for (const Named& named : queues_) {
    if (named.name == name) return named.queue.get();
  }
  TraceState traced;
  traced.namespace_serializer = std::move(namespace_serializer);
  traced.descriptor.name = name;
  traced.timers = storage;
  KVSTATE_ASSIGN_OR_RETURN(const uint32_t number, recorder_.AddState(traced));
  queues_.push_back({std::string(name), std::make_unique<RecordingQueue>(inner, &recorder_, number)});
  return queues_.back().queue.get();
}

Result<TimerQueue*> OpenTraceQueue(KeyedStateBackend& backend, const TraceState& traced) {
  auto* timers = GetExtension<Timers>(backend);
  if (timers == nullptr) {
    return UnimplementedError("backend '" + std::string(backend.name()) + "' has no timers, which the trace's queue '" +
                              traced.descriptor.name + "' needs");
  }
  return timers->GetOrCreateQueue(traced.descriptor.name, traced.namespace_serializer, *traced.timers);
}

}  // namespace kvstate::harness

#include "harness/load/trace_splitter.h"

#include <cassert>

#include "harness/replay/recording_timers.h"
#include "kvstate/key_group.h"

namespace kvstate::harness {

namespace {

bool IsForAll(Operation operation) {
  return operation == Operation::kKeys || operation == Operation::kKeysAndNamespaces ||
         operation == Operation::kRemoveState;
}

bool IsOfOpenIterator(Operation operation) {
  return operation >= Operation::kIteratorAdvance && operation <= Operation::kIteratorClose;
}

}  // namespace

TraceSplitter::TraceSplitter(const TraceHeader& header, uint32_t parallelism, KeyedStateBackend* timers)
    : header_(header), parallelism_(parallelism), timers_(timers) {
  assert(parallelism >= 1 && parallelism <= header.max_parallelism);
  key_.versions.resize(parallelism);
}

uint32_t TraceSplitter::InstanceOf(ByteView key) const {
  const uint32_t group = KeyGroupOf(header_.key_serializer->KeyHash(key), header_.max_parallelism);
  return SubtaskOf(header_.max_parallelism, parallelism_, group);
}

void TraceSplitter::Note(Context* context, ByteView bytes) {
  context->is_set = true;
  context->bytes.assign(bytes);
  ++context->version;
}

void TraceSplitter::TakeContext(const TraceOperation& operation) {
  while (namespaces_.size() <= operation.state) namespaces_.emplace_back().versions.resize(parallelism_);
  if (operation.sets_key) {
    Note(&key_, operation.key);
    key_instance_ = InstanceOf(operation.key);
  }
  Context& of_state = namespaces_[operation.state];
  if (operation.sets_namespace) Note(&of_state, operation.state_namespace);
  if (operation.operation == Operation::kClearNamespace) {
    of_state.is_set = false;
    ++of_state.version;
  }
}

Result<TimerQueue*> TraceSplitter::QueueOf(uint32_t state, const std::vector<TraceState>& states) {
  if (queues_.size() <= state) queues_.resize(state + 1, nullptr);
  if (queues_[state] == nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(queues_[state], OpenTraceQueue(*timers_, states[state]));
  }
  return queues_[state];
}

Status TraceSplitter::FollowTimer(const TraceOperation& operation, const std::vector<TraceState>& states) {
  KVSTATE_ASSIGN_OR_RETURN(TimerQueue * queue, QueueOf(operation.state, states));
  const Timer timer{operation.timestamp, operation.user_key, operation.value};
  return operation.operation == Operation::kTimerAdd ? queue->Add(timer).status() : queue->Remove(timer).status();
}

Result<uint32_t> TraceSplitter::InstanceOfHead(const TraceOperation& operation, const std::vector<TraceState>& states) {
  KVSTATE_ASSIGN_OR_RETURN(TimerQueue * queue, QueueOf(operation.state, states));
  Timer head;
  const bool polls = operation.operation == Operation::kTimerPoll;
  KVSTATE_ASSIGN_OR_RETURN(const bool any, polls ? queue->Poll(&head) : queue->Peek(&head));
  return any ? InstanceOf(head.key) : key_instance_;
}

void TraceSplitter::AddPart(uint32_t instance, const TraceOperation& operation) {
  TraceOperation& part = parts_.emplace_back(Part{instance, operation}).operation;
  part.sets_key = false;
  part.sets_namespace = false;
  if (instance != key_instance_) return;
  const auto bring = [instance](Context& context, bool is_new, bool* sets, ByteView* bytes) {
    if (!context.is_set || (!is_new && context.versions[instance] == context.version)) return;
    context.versions[instance] = context.version;
    *sets = true;
    *bytes = context.bytes;
  };
  bring(key_, operation.sets_key, &part.sets_key, &part.key);
  bring(namespaces_[operation.state], operation.sets_namespace, &part.sets_namespace, &part.state_namespace);
}

Result<std::span<const TraceSplitter::Part>> TraceSplitter::Split(const TraceOperation& operation,
                                                                  const std::vector<TraceState>& states) {
  parts_.clear();
  if (parallelism_ == 1) {
    parts_.push_back({0, operation});
    return std::span<const Part>(parts_);
  }
  TakeContext(operation);
  const Operation kind = operation.operation;
  if (IsForAll(kind)) {
    for (uint32_t instance = 0; instance < parallelism_; ++instance) AddPart(instance, operation);
    return std::span<const Part>(parts_);
  }
  uint32_t instance = key_instance_;
  if (kind == Operation::kIteratorOpen) {
    if (of_iterators_.size() <= operation.iterator) of_iterators_.resize(operation.iterator + 1);
    of_iterators_[operation.iterator] = instance;
  } else if (IsOfOpenIterator(kind)) {
    if (operation.iterator < of_iterators_.size()) instance = of_iterators_[operation.iterator];
  } else if (kind == Operation::kTimerAdd || kind == Operation::kTimerRemove) {
    instance = InstanceOf(operation.user_key);
    KVSTATE_RETURN_IF_ERROR(FollowTimer(operation, states));
  } else if (kind == Operation::kTimerPeek || kind == Operation::kTimerPoll) {
    KVSTATE_ASSIGN_OR_RETURN(instance, InstanceOfHead(operation, states));
  }
  AddPart(instance, operation);
  return std::span<const Part>(parts_);
}

}  // namespace kvstate::harness

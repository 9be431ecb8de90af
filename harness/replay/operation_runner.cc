#include "harness/replay/operation_runner.h"

#include <xxhash.h>

#include <string>
#include <utility>

#include "harness/replay/recording_timers.h"

namespace kvstate::harness {

namespace {

/// Makes the compiler treat the object as read.
inline void Consume(const void* object) { asm volatile("" : : "r"(object) : "memory"); }

Status WrongKind(const PreparedOperation& operation, const InternalKVState& state) {
  return DataLossError("operation " + std::string(OperationName(operation.operation)) + " on " +
                       std::string(StateKindName(state.descriptor().kind)) + " state '" + state.descriptor().name +
                       "', which has none");
}

bool IsMapOperation(Operation operation) {
  return operation >= Operation::kMapGet && operation <= Operation::kIteratorClose;
}

bool IsMerging(StateKind kind) {
  return kind == StateKind::kList || kind == StateKind::kReducing || kind == StateKind::kAggregating;
}

}  // namespace

template <bool kVerify>
Status OperationRunner<kVerify>::MakeState(State* state) {
  const StateDescriptor& descriptor = state->traced.descriptor;
  if (state->traced.timers.has_value()) {
    KVSTATE_ASSIGN_OR_RETURN(state->timers, OpenTraceQueue(backend_, state->traced));
    return Status();
  }
  KVSTATE_ASSIGN_OR_RETURN(state->state,
                           backend_.GetOrCreateState(state->traced.namespace_serializer,
                                                     probe_ == nullptr ? descriptor : probe_->Decorate(descriptor)));
  return Status();
}

template <bool kVerify>
Status OperationRunner<kVerify>::AddStates(const std::vector<TraceState>& states) {
  while (states_.size() < states.size()) {
    State& state = states_.emplace_back();
    state.traced = states[states_.size() - 1];
    const StateDescriptor& descriptor = state.traced.descriptor;
    state.value = descriptor.value_serializer.get();  // Null of a queue of timers.
    state.output = descriptor.output_serializer != nullptr ? descriptor.output_serializer.get() : state.value;
    state.kind = descriptor.kind;
    KVSTATE_RETURN_IF_ERROR(MakeState(&state));
  }
  return Status();
}

template <bool kVerify>
void OperationRunner<kVerify>::Digested(ByteView bytes) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), read_digest_.low);
  // Order counts here: each hash starts from the one before.
  read_digest_ = {hash.low64, read_digest_.high * 31 + hash.high64};
}

template <bool kVerify>
inline Status OperationRunner<kVerify>::Took(const Result<const void*>& read, const TypeSerializer* serializer) {
  if (!read.ok()) [[unlikely]]
    return read.status();
  const void* object = *read;
  Consume(object);
  hits_ += object != nullptr ? 1 : 0;
  if constexpr (kVerify) {
    bytes_.Clear();
    bytes_.PutByte(object != nullptr ? 1 : 0);
    if (object != nullptr) serializer->Serialize(object, bytes_);
    Digested(bytes_.view());
  }
  return Status();
}

template <bool kVerify>
inline Status OperationRunner<kVerify>::TookFlag(const Result<bool>& read) {
  if (!read.ok()) [[unlikely]]
    return read.status();
  hits_ += *read ? 1 : 0;
  if constexpr (kVerify) Digested(*read ? "1" : "0");
  return Status();
}

template <bool kVerify>
Status OperationRunner<kVerify>::Run(const PreparedOperation& operation) {
  if (operation.moves_clock && clock_ != nullptr) clock_->SetMillis(operation.clock_ms);
  State& state = states_[operation.state];
  if (operation.sets_key) KVSTATE_RETURN_IF_ERROR(backend_.SetCurrentKey(operation.key));
  const bool on_timers = operation.operation >= Operation::kTimerAdd;
  if (on_timers != (state.timers != nullptr)) [[unlikely]] {
    return DataLossError("operation " + std::string(OperationName(operation.operation)) + " on '" +
                         state.traced.descriptor.name + "', which has none");
  }
  if (on_timers) return RunOnTimers(operation, *state.timers);
  if (operation.sets_namespace) KVSTATE_RETURN_IF_ERROR(state.state->SetCurrentNamespace(operation.state_namespace));
  const StateKind kind = state.kind;
  if (IsMapOperation(operation.operation)) {
    if (kind != StateKind::kMap) return WrongKind(operation, *state.state);
    return RunOnMap(operation, state);
  }
  // Only what the kind is may be cast to.
  const auto value = [&state] { return static_cast<InternalValueState*>(state.state); };
  const auto appending = [&state] { return static_cast<InternalAppendingState*>(state.state); };
  const bool is_value = kind == StateKind::kValue;
  const bool is_appending = !is_value && kind != StateKind::kMap;
  switch (operation.operation) {
    case Operation::kGet:
      if (is_value) return Took(value()->Get(), state.value);
      if (is_appending) return Took(appending()->Get(), state.output);
      break;
    case Operation::kUpdate:
      if (is_value) return value()->Update(operation.value);
      if (kind == StateKind::kList) return static_cast<InternalListState*>(state.state)->Update(operation.value);
      break;
    case Operation::kAdd:
      if (is_appending) return appending()->Add(operation.value);
      break;
    case Operation::kAddAll:
      if (kind == StateKind::kList) return static_cast<InternalListState*>(state.state)->AddAll(operation.value);
      break;
    case Operation::kGetInternal:
      if (is_appending) return Took(appending()->GetInternal(), state.value);
      break;
    case Operation::kUpdateInternal:
      if (is_appending) return appending()->UpdateInternal(operation.value);
      break;
    case Operation::kMerge:
      if (IsMerging(kind)) return Merge(operation, state);
      break;
    case Operation::kClear:
      return state.state->Clear();
    case Operation::kClearNamespace:
      state.state->ClearCurrentNamespace();
      return Status();
    default:
      return RunOnBackend(operation, state);
  }
  return WrongKind(operation, *state.state);
}

template <bool kVerify>
Status OperationRunner<kVerify>::RunOnTimers(const PreparedOperation& operation, TimerQueue& timers) {
  switch (operation.operation) {
    case Operation::kTimerAdd:
      return timers.Add({operation.timestamp, operation.target, operation.timer_namespace}).status();
    case Operation::kTimerRemove:
      return timers.Remove({operation.timestamp, operation.target, operation.timer_namespace}).status();
    default:
      break;
  }
  Timer head;
  const bool polls = operation.operation == Operation::kTimerPoll;
  KVSTATE_ASSIGN_OR_RETURN(const bool any, polls ? timers.Poll(&head) : timers.Peek(&head));
  Consume(head.key.data());
  hits_ += any ? 1 : 0;
  if constexpr (kVerify) {
    bytes_.Clear();
    bytes_.PutByte(any ? 1 : 0);
    if (any) {
      bytes_.PutFixed64(static_cast<uint64_t>(head.timestamp));
      bytes_.PutLengthPrefixed(head.key);
      bytes_.PutLengthPrefixed(head.state_namespace);
    }
    Digested(bytes_.view());
  }
  return Status();
}

template <bool kVerify>
Status OperationRunner<kVerify>::Merge(const PreparedOperation& operation, State& state) {
  return static_cast<InternalMergingState*>(state.state)->MergeNamespaces(operation.target, operation.sources);
}

template <bool kVerify>
Status OperationRunner<kVerify>::RunOnMap(const PreparedOperation& operation, State& state) {
  auto* map = static_cast<InternalMapState*>(state.state);
  switch (operation.operation) {
    case Operation::kMapGet:
      return Took(map->Get(operation.user_key), state.value);
    case Operation::kMapPut:
      return map->Put(operation.user_key, operation.value);
    case Operation::kMapRemove:
      return map->Remove(operation.user_key);
    case Operation::kMapContains:
      return TookFlag(map->Contains(operation.user_key));
    case Operation::kMapIsEmpty:
      return TookFlag(map->IsEmpty());
    case Operation::kMapScan: {
      KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<MapIterator> iterator, map->Iterate());
      return Advance(*iterator, operation, state).status();
    }
    default:
      return RunOnIterator(operation, state);
  }
}

template <bool kVerify>
Result<typename OperationRunner<kVerify>::OpenMapIterator*> OperationRunner<kVerify>::OpenIterator(uint32_t number) {
  if (number >= iterators_.size() || iterators_[number].iterator == nullptr) {
    return DataLossError("map iterator " + std::to_string(number) + " is not open");
  }
  return &iterators_[number];
}

template <bool kVerify>
Status OperationRunner<kVerify>::RunOnIterator(const PreparedOperation& operation, State& state) {
  if (operation.operation == Operation::kIteratorOpen) {
    if (operation.iterator >= iterators_.size()) iterators_.resize(operation.iterator + 1);
    OpenMapIterator& opened = iterators_[operation.iterator];
    opened.state = operation.state;
    opened.is_at_end = false;
    KVSTATE_ASSIGN_OR_RETURN(opened.iterator, static_cast<InternalMapState*>(state.state)->Iterate());
    return Status();
  }
  KVSTATE_ASSIGN_OR_RETURN(OpenMapIterator * opened, OpenIterator(operation.iterator));
  // A part of a trace may find less than the whole did: then there is no entry to change.
  const bool has_entry = !opened->is_at_end;
  switch (operation.operation) {
    case Operation::kIteratorAdvance: {
      KVSTATE_ASSIGN_OR_RETURN(const bool found, Advance(*opened->iterator, operation, state));
      opened->is_at_end = !found;
      return Status();
    }
    case Operation::kIteratorRemove:
      return has_entry ? opened->iterator->Remove() : Status();
    case Operation::kIteratorSetValue:
      return has_entry ? opened->iterator->SetValue(operation.value) : Status();
    default:
      opened->iterator.reset();
      return Status();
  }
}

template <bool kVerify>
Result<bool> OperationRunner<kVerify>::Advance(MapIterator& iterator, const PreparedOperation& operation,
                                               State& state) {
  for (uint64_t step = 0; step < operation.count; ++step) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, iterator.Next());
    if (!more) return false;
    ++hits_;
    if constexpr (kVerify) Digested(iterator.user_key_bytes());
    if (operation.reads_keys) {
      const Result<const void*> user_key = iterator.user_key();
      KVSTATE_RETURN_IF_ERROR(user_key.status());
      Consume(*user_key);
    }
    if (operation.reads_values) {
      const Result<const void*> value = iterator.value();
      KVSTATE_RETURN_IF_ERROR(value.status());
      Consume(*value);
      if constexpr (kVerify) {
        bytes_.Clear();
        bytes_.PutByte(*value == nullptr ? 0 : 1);
        if (*value != nullptr) state.value->Serialize(*value, bytes_);
        Digested(bytes_.view());
      }
    }
  }
  return true;
}

template <bool kVerify>
Status OperationRunner<kVerify>::WalkKeys(KeyIterator& keys, uint64_t steps) {
  for (uint64_t step = 0; step < steps; ++step) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, keys.Next());
    if (!more) break;
    ++hits_;
    const ByteView key = keys.key();
    Consume(key.data());
  }
  return Status();
}

template <bool kVerify>
Status OperationRunner<kVerify>::RunOnBackend(const PreparedOperation& operation, State& state) {
  const std::string& name = state.traced.descriptor.name;
  switch (operation.operation) {
    case Operation::kKeys: {
      KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyIterator> keys, backend_.Keys(name, operation.target));
      return WalkKeys(*keys, operation.count);
    }
    case Operation::kKeysAndNamespaces: {
      KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyIterator> keys, backend_.KeysAndNamespaces(name));
      return WalkKeys(*keys, operation.count);
    }
    case Operation::kRemoveState:
      for (OpenMapIterator& opened : iterators_) {
        if (opened.state == operation.state) opened.iterator.reset();
      }
      KVSTATE_RETURN_IF_ERROR(backend_.RemoveState(name));
      return MakeState(&state);
    default:
      return DataLossError("an operation that does not exist");
  }
}

template class OperationRunner<false>;
template class OperationRunner<true>;

}  // namespace kvstate::harness

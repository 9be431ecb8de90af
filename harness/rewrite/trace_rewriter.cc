#include "harness/rewrite/trace_rewriter.h"

#include <utility>

#include "harness/replay/trace_file.h"

namespace kvstate::harness {

Status TraceRewriter::Begin(TraceHeader header, uint64_t fill_operations) {
  fill_operations_ = fill_operations;
  keys_ = StoredFormat::Of(header.key_serializer->Snapshot());
  if (options_.hasher != nullptr) {
    if (!KeyHasher::CanHash(keys_)) {
      return UnimplementedError("hashing keys: keys of " + keys_.ToString() + " can not be hashed");
    }
    header.keys_are_hashed = true;
  }
  return sink_.Begin(header);
}

Status TraceRewriter::AddStates(const std::vector<TraceState>& states) {
  while (states_.size() < states.size()) {
    const TraceState& from = states[states_.size()];
    State& state = states_.emplace_back();
    state.is_queue = from.timers.has_value();
    state.namespaces = StoredFormat::Of(from.namespace_serializer->Snapshot());
    bool can_hash = KeyHasher::CanHash(state.namespaces);
    if (from.descriptor.user_key_serializer != nullptr) {
      state.user_keys = StoredFormat::Of(from.descriptor.user_key_serializer->Snapshot());
      can_hash = can_hash && KeyHasher::CanHash(state.user_keys);
    }
    if (options_.hasher != nullptr && !can_hash) {
      return UnimplementedError("hashing keys: state '" + from.descriptor.name + "': namespaces of " +
                                state.namespaces.ToString() + " or user keys of " + state.user_keys.ToString() +
                                " can not be hashed");
    }
    KVSTATE_RETURN_IF_ERROR(sink_.AddState(from));
  }
  return Status();
}

Status TraceRewriter::Add(const std::vector<TraceOperation>& operations, uint64_t first,
                          const std::vector<TraceState>& states) {
  KVSTATE_RETURN_IF_ERROR(AddStates(states));
  uint64_t number = first;
  for (const TraceOperation& operation : operations) {
    if (number >= options_.to_operation) break;
    if (number == fill_operations_ && kept_ > 0) KVSTATE_RETURN_IF_ERROR(sink_.EndFill());
    if (number < options_.from_operation) {
      Skip(operation);
    } else if (StepsOnUnknown(operation)) {
      ++dropped_steps_;
      Skip(operation);
    } else {
      KVSTATE_RETURN_IF_ERROR(Keep(operation));
    }
    ++number;
  }
  next_ = number;
  return Status();
}

/// Keeps in mind what the operations that follow rely on.
void TraceRewriter::Skip(const TraceOperation& operation) {
  if (operation.sets_key) {
    key_.assign(operation.key);
    key_is_pending_ = true;
  }
  State& state = states_[operation.state];
  if (operation.sets_namespace) {
    state.current.assign(operation.state_namespace);
    state.is_pending = true;
  }
  if (operation.operation == Operation::kClearNamespace || operation.operation == Operation::kRemoveState) {
    state.is_pending = false;
  }
}

bool TraceRewriter::StepsOnUnknown(const TraceOperation& operation) {
  if (operation.operation < Operation::kIteratorOpen || operation.operation > Operation::kIteratorClose) return false;
  if (operation.iterator >= open_iterators_.size()) open_iterators_.resize(operation.iterator + 1);
  const bool was_open = open_iterators_[operation.iterator];
  if (operation.operation == Operation::kIteratorOpen) {
    open_iterators_[operation.iterator] = true;
    return false;
  }
  if (operation.operation == Operation::kIteratorClose) open_iterators_[operation.iterator] = false;
  return !was_open;
}

Status TraceRewriter::Keep(TraceOperation operation) {
  State& state = states_[operation.state];
  if (key_is_pending_ && !operation.sets_key) {
    operation.sets_key = true;
    operation.key = key_;
  }
  if (state.is_pending && !operation.sets_namespace) {
    operation.sets_namespace = true;
    operation.state_namespace = state.current;
  }
  key_is_pending_ = false;
  state.is_pending = false;
  if (options_.hasher != nullptr) KVSTATE_RETURN_IF_ERROR(HashKeys(&operation));
  ++kept_;
  return sink_.Append(operation);
}

Status TraceRewriter::HashKeys(TraceOperation* operation) {
  const State& state = states_[operation->state];
  const auto hash = [this](const StoredFormat& format, std::string* hashed, ByteView* bytes) {
    KVSTATE_RETURN_IF_ERROR(options_.hasher->Hash(format, *bytes, hashed));
    *bytes = *hashed;
    return Status();
  };
  if (operation->sets_key) KVSTATE_RETURN_IF_ERROR(hash(keys_, &hashed_key_, &operation->key));
  if (operation->sets_namespace) {
    KVSTATE_RETURN_IF_ERROR(hash(state.namespaces, &hashed_namespace_, &operation->state_namespace));
  }
  switch (operation->operation) {
    case Operation::kMapGet:
    case Operation::kMapPut:
    case Operation::kMapRemove:
    case Operation::kMapContains:
      return hash(state.user_keys, &hashed_user_key_, &operation->user_key);
    case Operation::kKeys:
      return hash(state.namespaces, &hashed_user_key_, &operation->user_key);
    case Operation::kMerge:
      KVSTATE_RETURN_IF_ERROR(hash(state.namespaces, &hashed_user_key_, &operation->user_key));
      return HashMerged(state, operation);
    case Operation::kTimerAdd:
    case Operation::kTimerRemove:
      KVSTATE_RETURN_IF_ERROR(hash(keys_, &hashed_user_key_, &operation->user_key));
      return hash(state.namespaces, &hashed_value_, &operation->value);
    default:
      return Status();
  }
}

Status TraceRewriter::HashMerged(const State& state, TraceOperation* operation) {
  ByteWriter sources;
  ByteReader in(operation->value);
  ByteView source;
  std::string hashed;
  while (!in.AtEnd()) {
    if (!in.ReadLengthPrefixed(&source)) return in.Malformed("merged namespaces");
    KVSTATE_RETURN_IF_ERROR(options_.hasher->Hash(state.namespaces, source, &hashed));
    sources.PutLengthPrefixed(hashed);
  }
  hashed_value_.assign(sources.view());
  operation->value = hashed_value_;
  return Status();
}

Status TraceRewriter::Finish() {
  // What was kept ends before filling does, or with it.
  if (kept_ > 0 && fill_operations_ >= next_) KVSTATE_RETURN_IF_ERROR(sink_.EndFill());
  return sink_.Finish();
}

Result<uint64_t> OperationAtTime(TraceReader& trace, int64_t ms) {
  KVSTATE_RETURN_IF_ERROR(trace.SeekToTime(ms));
  uint64_t number = trace.next_operation();
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace.NextChunk());
    if (chunk->empty()) return number;
    for (const TraceOperation& operation : *chunk) {
      if (operation.time_ms >= ms) return number;
      ++number;
    }
  }
}

}  // namespace kvstate::harness

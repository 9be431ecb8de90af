#include "harness/load/load_chunk.h"

namespace kvstate::harness {

size_t LoadChunk::Keep(ByteView bytes) {
  const size_t at = bytes_.size();
  bytes_.append(bytes);
  return at;
}

void LoadChunk::Append(const TraceOperation& operation, uint64_t due_ticks) {
  operations_.push_back(operation);
  Places& places = places_.emplace_back();
  if (operation.sets_key) places.key = Keep(operation.key);
  if (operation.sets_namespace) places.state_namespace = Keep(operation.state_namespace);
  places.user_key = Keep(operation.user_key);
  places.value = Keep(operation.value);
  due_.push_back(due_ticks);
}

Status LoadChunk::Prepare(const std::vector<TraceState>& states, size_t known) {
  const ByteView all = bytes_;
  for (size_t i = 0; i < operations_.size(); ++i) {
    TraceOperation& operation = operations_[i];
    const Places& places = places_[i];
    operation.key = operation.sets_key ? all.substr(places.key, operation.key.size()) : ByteView();
    operation.state_namespace =
        operation.sets_namespace ? all.substr(places.state_namespace, operation.state_namespace.size()) : ByteView();
    operation.user_key = all.substr(places.user_key, operation.user_key.size());
    operation.value = all.substr(places.value, operation.value.size());
  }
  if (known < states.size()) states_ = states;
  KVSTATE_ASSIGN_OR_RETURN(prepared_, preparer_.Prepare(operations_, states));
  return Status();
}

void LoadChunk::Clear() {
  operations_.clear();
  places_.clear();
  due_.clear();
  bytes_.clear();
  states_.clear();
  prepared_ = {};
}

}  // namespace kvstate::harness

#include "harness/replay/prepared_chunk.h"

#include <algorithm>
#include <utility>

namespace kvstate::harness {

Result<const void*> ObjectPool::Decode(ByteView bytes) {
  if (used_ == objects_.size()) objects_.emplace_back(serializer_);
  void* object = objects_[used_].get();
  ++used_;
  ByteReader in(bytes);
  KVSTATE_RETURN_IF_ERROR(serializer_->Deserialize(in, object));
  if (!in.AtEnd()) return in.Malformed("end of an operand");
  return static_cast<const void*>(object);
}

ObjectPool* ChunkPreparer::PoolOf(const SerializerPtr& serializer) {
  if (serializer == nullptr) return nullptr;
  for (const auto& pool : pools_) {
    if (pool->serializer() == serializer.get()) return pool.get();
  }
  return pools_.emplace_back(std::make_unique<ObjectPool>(serializer)).get();
}

void ChunkPreparer::AddPools(const TraceState& state) {
  const StateDescriptor& descriptor = state.descriptor;
  PoolsOfState pools;
  if (state.timers.has_value()) {
    of_state_.push_back(pools);
    return;
  }
  pools.value = PoolOf(descriptor.value_serializer);
  pools.user_key = PoolOf(descriptor.user_key_serializer);
  if (descriptor.kind == StateKind::kList) {
    pools.input = PoolOf(static_cast<const ListSerializer&>(*descriptor.value_serializer).element());
  } else if (descriptor.input_serializer != nullptr) {
    pools.input = PoolOf(descriptor.input_serializer);
  } else {
    pools.input = pools.value;
  }
  of_state_.push_back(pools);
}

Result<std::span<const PreparedOperation>> ChunkPreparer::Prepare(const std::vector<TraceOperation>& operations,
                                                                  const std::vector<TraceState>& states) {
  while (of_state_.size() < states.size()) AddPools(states[of_state_.size()]);
  for (const auto& pool : pools_) pool->Reset();
  sources_used_ = 0;
  prepared_.resize(operations.size());
  for (size_t i = 0; i < operations.size(); ++i) {
    prepared_[i] = PreparedOperation();
    KVSTATE_RETURN_IF_ERROR(PrepareOne(operations[i], states, &prepared_[i]));
  }
  return std::span<const PreparedOperation>(prepared_);
}

Status ChunkPreparer::PrepareOne(const TraceOperation& from, const std::vector<TraceState>& states,
                                 PreparedOperation* to) {
  const StateDescriptor& descriptor = states[from.state].descriptor;
  to->operation = from.operation;
  to->state = from.state;
  to->iterator = from.iterator;
  to->count = from.count;
  to->reads_keys = from.reads_keys;
  to->reads_values = from.reads_values;
  to->moves_clock = from.time_ms > clock_ms_;
  clock_ms_ = std::max(clock_ms_, from.time_ms);
  to->clock_ms = clock_ms_;
  to->sets_key = from.sets_key;
  if (from.sets_key) to->key = {from.key, key_serializer_->KeyHash(from.key)};
  to->sets_namespace = from.sets_namespace;
  to->state_namespace = from.state_namespace;
  Status operands = PrepareOperands(from, to);
  if (!operands.ok()) {
    return operands.WithContext("operation " + std::string(OperationName(from.operation)) + " on " +
                                std::string(StateKindName(descriptor.kind)) + " state '" + descriptor.name + "'");
  }
  return operands;
}

namespace {

Status DecodeWith(ObjectPool* pool, ByteView bytes, const void** object) {
  if (pool == nullptr) return DataLossError("a state of this kind has no such operand");
  KVSTATE_ASSIGN_OR_RETURN(*object, pool->Decode(bytes));
  return Status();
}

}  // namespace

Status ChunkPreparer::PrepareOperands(const TraceOperation& from, PreparedOperation* to) {
  const PoolsOfState& pools = of_state_[from.state];
  switch (from.operation) {
    case Operation::kUpdate:
    case Operation::kUpdateInternal:
    case Operation::kAddAll:
    case Operation::kIteratorSetValue:
      return from.null_value ? Status() : DecodeWith(pools.value, from.value, &to->value);
    case Operation::kAdd:
      return DecodeWith(pools.input, from.value, &to->value);
    case Operation::kMapGet:
    case Operation::kMapRemove:
    case Operation::kMapContains:
      return DecodeWith(pools.user_key, from.user_key, &to->user_key);
    case Operation::kMapPut:
      KVSTATE_RETURN_IF_ERROR(DecodeWith(pools.user_key, from.user_key, &to->user_key));
      return from.null_value ? Status() : DecodeWith(pools.value, from.value, &to->value);
    case Operation::kMerge:
      return PrepareMerge(from, to);
    case Operation::kTimerAdd:
    case Operation::kTimerRemove:
      to->timestamp = from.timestamp;
      to->target = from.user_key;
      to->timer_namespace = from.value;
      return Status();
    case Operation::kKeys:
      to->target = from.user_key;
      return Status();
    default:
      return Status();
  }
}

Status ChunkPreparer::PrepareMerge(const TraceOperation& from, PreparedOperation* to) {
  if (sources_used_ == sources_.size()) sources_.push_back(std::make_unique<std::vector<ByteView>>());
  std::vector<ByteView>& sources = *sources_[sources_used_++];
  sources.clear();
  ByteReader in(from.value);
  ByteView source;
  while (!in.AtEnd()) {
    if (!in.ReadLengthPrefixed(&source)) return in.Malformed("merged namespaces");
    sources.push_back(source);
  }
  to->target = from.user_key;
  to->sources = sources;
  return Status();
}

}  // namespace kvstate::harness

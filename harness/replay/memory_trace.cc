#include "harness/replay/memory_trace.h"

#include <utility>

namespace kvstate::harness {

Status MemoryTrace::Begin(const TraceHeader& header) {
  header_ = header;
  return Status();
}

Status MemoryTrace::AddState(const TraceState& state) {
  states_.push_back(state);
  ++totals_.states;
  return Status();
}

Status MemoryTrace::Append(const TraceOperation& operation) {
  if (totals_.operations == 0) totals_.first_time_ms = operation.time_ms;
  totals_.last_time_ms = operation.time_ms;
  ++totals_.operations;
  encoder_.Append(operation);
  if (encoder_.full()) KeepBlock();
  return Status();
}

void MemoryTrace::KeepBlock() {
  if (encoder_.operations() == 0) return;
  bytes_ += blocks_.emplace_back(encoder_.Finish()).size();
  ++totals_.blocks;
  encoder_.StartNext();
}

Status MemoryTrace::Finish() {
  KeepBlock();
  return Status();
}

Result<const std::vector<TraceOperation>*> MemoryTrace::NextChunk() {
  operations_.clear();
  if (next_block_ < blocks_.size()) {
    KVSTATE_RETURN_IF_ERROR(DecodeBlock(blocks_[next_block_], states_.size(), &operations_));
    ++next_block_;
  }
  return &std::as_const(operations_);
}

Status MemoryTrace::Rewind() {
  next_block_ = 0;
  return Status();
}

}  // namespace kvstate::harness

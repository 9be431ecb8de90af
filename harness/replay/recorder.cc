#include "harness/replay/recorder.h"

#include <algorithm>

#include "harness/replay/trace_block.h"

namespace kvstate::harness {

Status Recorder::Keep(Status status) {
  if (status_.ok() && !status.ok()) status_ = status;
  return status;
}

Result<uint32_t> Recorder::AddState(const TraceState& state) {
  FlushPending();
  KVSTATE_RETURN_IF_ERROR(status_);
  if (!is_finished_) KVSTATE_RETURN_IF_ERROR(Keep(sink_->AddState(state)));
  states_.emplace_back();
  return static_cast<uint32_t>(states_.size() - 1);
}

Status Recorder::Finish() {
  FlushPending();
  KVSTATE_RETURN_IF_ERROR(status_);
  if (is_finished_) return FailedPreconditionError("recording: the trace is finished already");
  is_finished_ = true;
  return Keep(sink_->Finish());
}

Status Recorder::EndFill() {
  FlushPending();
  KVSTATE_RETURN_IF_ERROR(status_);
  if (is_finished_) return FailedPreconditionError("recording: the trace is finished already");
  // Asked for twice, it is the caller's mistake alone: recording goes on.
  const Status ended = sink_->EndFill();
  return ended.code() == StatusCode::kFailedPrecondition ? ended : Keep(ended);
}

void Recorder::KeySet(ByteView key) {
  FlushPending();
  key_.assign(key);
  key_set_ = true;
}

void Recorder::NamespaceSet(uint32_t state, ByteView state_namespace) {
  FlushPending();
  states_[state].state_namespace.assign(state_namespace);
  states_[state].namespace_set = true;
}

Status Recorder::Record(TraceOperation operation) {
  FlushPending();
  return RecordPending(operation);
}

Status Recorder::RecordPending(TraceOperation operation) {
  KVSTATE_RETURN_IF_ERROR(status_);
  if (is_finished_) return Status();
  StateContext& context = states_[operation.state];
  operation.time_ms = time_ms_;
  operation.sets_key = key_set_;
  operation.key = key_;
  operation.sets_namespace = context.namespace_set;
  operation.state_namespace = context.state_namespace;
  key_set_ = false;
  context.namespace_set = false;
  return Keep(sink_->Append(operation));
}

void Recorder::SetPending(PendingAccess* access) {
  if (pending_ != access) FlushPending();
  pending_ = access;
}

void Recorder::FlushPending() {
  if (pending_ == nullptr) return;
  PendingAccess* access = pending_;
  pending_ = nullptr;
  access->Flush();
}

Result<uint32_t> Recorder::TakeIteratorNumber() {
  const auto free = std::find(iterators_.begin(), iterators_.end(), false);
  const auto number = static_cast<uint32_t>(free - iterators_.begin());
  if (free == iterators_.end()) {
    if (number >= kBlockOperations) {
      return Keep(ResourceExhaustedError("recording: more than " + std::to_string(kBlockOperations) +
                                         " map iterators are open at once; destroy some"));
    }
    iterators_.push_back(true);
  } else {
    *free = true;
  }
  return number;
}

}  // namespace kvstate::harness

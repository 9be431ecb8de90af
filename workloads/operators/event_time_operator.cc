#include "workloads/operators/event_time_operator.h"

#include <cassert>
#include <utility>

#include "kvstate/clock.h"

namespace kvstate::workloads {

std::vector<ParameterSpec> EventTimeParameters(std::vector<ParameterSpec> own, const Parameters& defaults) {
  std::vector<ParameterSpec> common = {
      {"out_of_order_ms", "1000", "The watermark stays this many milliseconds behind the latest event, 0 to 2^50"},
      {"watermark_interval_ms", "200",
       "Event time between two watermarks in milliseconds, 0 to 2^50; 0: each event may move it"},
      {"timer_storage", "heap", "Where timers live: heap, backend"}};
  size_t replaced = 0;
  for (ParameterSpec& spec : common) {
    const auto found = defaults.find(spec.name);
    if (found != defaults.end()) {
      spec.default_value = found->second;
      ++replaced;
    }
    own.push_back(std::move(spec));
  }
  assert(replaced == defaults.size());
  static_cast<void>(replaced);
  return own;
}

EventTimeOptions ReadEventTime(ParameterReader& reader) {
  EventTimeOptions options;
  options.out_of_order_ms = reader.Integer("out_of_order_ms", 0, kMaxDurationMs);
  options.watermark_interval_ms = reader.Integer("watermark_interval_ms", 0, kMaxDurationMs);
  options.timer_storage =
      reader.Choice("timer_storage", {"heap", "backend"}) == 0 ? TimerStorage::kHeap : TimerStorage::kBackend;
  return options;
}

Status EventTimeOperator::OpenEventTimers(SerializerPtr namespace_serializer) {
  return OpenTimers("timers", std::move(namespace_serializer), event_time_options_.timer_storage, &timers_);
}

Status EventTimeOperator::OpenSecondStageTimers(SerializerPtr namespace_serializer) {
  return OpenTimers("second_stage_timers", std::move(namespace_serializer), event_time_options_.timer_storage,
                    &second_stage_timers_);
}

Status EventTimeOperator::OnSecondStageTimer(const Timer& /*timer*/) {
  return InternalError("a timer of a second stage, which the operator does not have");
}

Status EventTimeOperator::FireDue() {
  KVSTATE_RETURN_IF_ERROR(
      timers_->AdvanceWatermark(watermark_.value(), [this](const Timer& timer) { return OnTimer(timer); }));
  if (second_stage_timers_ == nullptr) return Status();
  return second_stage_timers_->AdvanceWatermark(watermark_.value(),
                                                [this](const Timer& timer) { return OnSecondStageTimer(timer); });
}

Status EventTimeOperator::Finish() {
  watermark_.Close();
  KVSTATE_RETURN_IF_ERROR(FireDue());
  if (late_events_ > 0) {
    NewRow().PutFixed64(late_events_);
    Emit();
  }
  return Status();
}

void EventTimeOperator::SaveOwnProgress(ByteWriter& to) const {
  watermark_.Save(to);
  to.PutFixed64(late_events_);
}

bool EventTimeOperator::RestoreOwnProgress(ByteReader& from) {
  return watermark_.Restore(from) && from.ReadFixed64(&late_events_);
}

}  // namespace kvstate::workloads

#include "workloads/operators/windows/window_operator.h"

#include "kvstate/serializers.h"

namespace kvstate::workloads {

Status WindowOperator::OpenStates() {
  KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
  return aggregate_->Open(backend());
}

Status WindowOperator::RegisterTimer(const TimeWindow& window, int64_t timestamp_ms) {
  return timers().RegisterEventTimeTimer(Encode(window), timestamp_ms);
}

Status WindowOperator::DeleteTimers(const TimeWindow& window) {
  // The one at its end has fired already if it has ended.
  if (!HasEnded(window)) {
    KVSTATE_RETURN_IF_ERROR(timers().DeleteEventTimeTimer(Encode(window), window.max_timestamp()));
  }
  return AllowsLateness() ? timers().DeleteEventTimeTimer(Encode(window), CleanupTime(window)) : Status();
}

Status WindowOperator::AfterAdd(ByteView key, const TimeWindow& window, const TimeWindow& state_window) {
  if (HasEnded(window)) {
    KVSTATE_RETURN_IF_ERROR(Fire(key, window, state_window));
  } else {
    KVSTATE_RETURN_IF_ERROR(RegisterTimer(window, window.max_timestamp()));
  }
  return AllowsLateness() ? RegisterTimer(window, CleanupTime(window)) : Status();
}

Status WindowOperator::Fire(ByteView key, const TimeWindow& window, const TimeWindow& state_window) {
  aggregate_->BeginResult();
  KVSTATE_ASSIGN_OR_RETURN(const bool any, aggregate_->Gather(state_window));
  if (any) {
    EmitResult(key, window);
  } else if (!options_.purges) {
    return InternalError("state \"window\" is absent where a window is to fire");
  }
  return options_.purges ? aggregate_->Clear(state_window) : Status();
}

void WindowOperator::EmitResult(ByteView key, const TimeWindow& window) {
  ByteWriter& row = NewRow();
  row.PutLengthPrefixed(key);
  row.PutFixed64(static_cast<uint64_t>(window.start));
  row.PutFixed64(static_cast<uint64_t>(window.end));
  aggregate_->PutResult(row);
  Emit();
}

}  // namespace kvstate::workloads

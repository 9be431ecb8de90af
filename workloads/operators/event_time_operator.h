#ifndef KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_OPERATOR_H_
#define KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_OPERATOR_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "kvstate/timer_service.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {

/// Of every operator on event time.
struct EventTimeOptions {
  int64_t out_of_order_ms = 0;        ///< The watermark stays so far behind the latest event,
  int64_t watermark_interval_ms = 0;  ///< and moves by at least this.
  TimerStorage timer_storage = TimerStorage::kHeap;
};

/// Their parameters, `own` before them.
std::vector<ParameterSpec> EventTimeParameters(std::vector<ParameterSpec> own, const Parameters& defaults = {});
EventTimeOptions ReadEventTime(ParameterReader& reader);

/// An operator with timers in state, which fire as the watermark of its stream moves on. Its last row, if any events
/// came too late for it, is their number.
class EventTimeOperator : public OperatorBase {
 public:
  explicit EventTimeOperator(const EventTimeOptions& options)
      : event_time_options_(options), watermark_(options.out_of_order_ms, options.watermark_interval_ms) {}

  Status Process(const Event& event) final {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    KVSTATE_RETURN_IF_ERROR(ProcessInTime(event));
    return watermark_.Observe(event.time_ms) ? FireDue() : Status();
  }
  /// Fires every timer.
  Status Finish() override;

 protected:
  /// The event, before the watermark sees it. Its time has been checked.
  virtual Status ProcessInTime(const Event& event) = 0;
  /// The timer's key is the current one.
  virtual Status OnTimer(const Timer& timer) = 0;

  /// Once, in OpenStates. A timer's namespace is one of the serializer's.
  Status OpenEventTimers(SerializerPtr namespace_serializer);
  TimerService& timers() { return *timers_; }

  /// Timers of a second stage, which takes what the first one's timers give: they fire when those have, in
  /// OnSecondStageTimer.
  Status OpenSecondStageTimers(SerializerPtr namespace_serializer);
  TimerService& second_stage_timers() { return *second_stage_timers_; }
  virtual Status OnSecondStageTimer(const Timer& timer);

  int64_t watermark_ms() const { return watermark_.value(); }
  void CountLate() { ++late_events_; }

  void SaveOwnProgress(ByteWriter& to) const override;
  bool RestoreOwnProgress(ByteReader& from) override;

 private:
  Status FireDue();

  const EventTimeOptions event_time_options_;
  BoundedWatermark watermark_;
  std::unique_ptr<TimerService> timers_;
  std::unique_ptr<TimerService> second_stage_timers_;
  uint64_t late_events_ = 0;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_OPERATOR_H_

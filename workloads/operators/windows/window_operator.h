#ifndef KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_OPERATOR_H_
#define KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_OPERATOR_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/namespaces.h"
#include "workloads/operators/event_time_operator.h"
#include "workloads/operators/windows/window_aggregate.h"
#include "workloads/operators/windows/window_assigner.h"

namespace kvstate::workloads {

struct WindowOptions {
  EventTimeOptions event_time;
  int64_t allowed_lateness_ms = 0;  ///< A window takes events for so long after its end.
  bool purges = false;              ///< A window that fires forgets its events.
};

/// What every window operator does. A window fires, which emits a row (key, start, end, result), when the watermark
/// reaches its last millisecond, and again with each event that comes for it after that. Its state is cleared, and it
/// takes no more, once the watermark is the allowed lateness beyond. An event that no window takes is counted as late.
/// A window has a timer for its end and, where lateness is allowed, one for its cleanup.
class WindowOperator : public EventTimeOperator {
 protected:
  WindowOperator(const WindowOptions& options, std::unique_ptr<WindowAggregate> aggregate)
      : EventTimeOperator(options.event_time), options_(options), aggregate_(std::move(aggregate)) {}

  Status OpenStates() override;
  WindowAggregate& aggregate() { return *aggregate_; }
  bool AllowsLateness() const { return options_.allowed_lateness_ms > 0; }

  /// Whether the window has fired at its end.
  bool HasEnded(const TimeWindow& window) const { return window.max_timestamp() <= watermark_ms(); }
  int64_t CleanupTime(const TimeWindow& window) const { return window.max_timestamp() + options_.allowed_lateness_ms; }
  bool IsTooLateFor(const TimeWindow& window) const { return CleanupTime(window) <= watermark_ms(); }

  Status RegisterTimer(const TimeWindow& window, int64_t timestamp_ms);
  /// Of both timers.
  Status DeleteTimers(const TimeWindow& window);
  /// `window` has an event more, in the state of `state_window`: fires it if it has ended, and sees to its timers.
  Status AfterAdd(ByteView key, const TimeWindow& window, const TimeWindow& state_window);
  Status Fire(ByteView key, const TimeWindow& window, const TimeWindow& state_window);
  void EmitResult(ByteView key, const TimeWindow& window);

 private:
  const WindowOptions options_;
  const std::unique_ptr<WindowAggregate> aggregate_;
};

/// Each event goes into the state of every window it lies in: one of tumbling windows, length ÷ slide of sliding ones.
std::unique_ptr<Operator> MakeAlignedWindows(const WindowOptions& options, const WindowAssigner& assigner,
                                             std::unique_ptr<WindowAggregate> aggregate);

/// Each event goes into the state of one pane of a slide's length, and a window that fires combines its panes. A window
/// that fires registers the next one that has a pane of it, so that a key has one such timer, however many windows its
/// events lie in. A pane is cleared with the last window that it is in. REQUIRES: the slide divides the length; the
/// aggregate is one of panes; no purging.
std::unique_ptr<Operator> MakePanedWindows(const WindowOptions& options, const WindowAssigner& assigner,
                                           std::unique_ptr<WindowAggregate> aggregate);

/// An event at time t opens [t, t + gap), and windows of a key that overlap or touch become one, whose state is that of
/// the first of them. A key's sessions are a list in state.
std::unique_ptr<Operator> MakeMergingWindows(const WindowOptions& options, int64_t gap_ms,
                                             std::unique_ptr<WindowAggregate> aggregate);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_OPERATOR_H_

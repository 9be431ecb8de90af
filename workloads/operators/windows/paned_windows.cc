#include <memory>
#include <utility>

#include "kvstate/serializers.h"
#include "workloads/operators/windows/window_operator.h"

namespace kvstate::workloads {
namespace {

class PanedWindowsOperator final : public WindowOperator {
 public:
  PanedWindowsOperator(const WindowOptions& options, const WindowAssigner& assigner,
                       std::unique_ptr<WindowAggregate> aggregate)
      : WindowOperator(options, std::move(aggregate)), assigner_(assigner) {}

 private:
  Status ProcessInTime(const Event& event) override {
    const TimeWindow pane = assigner_.PaneOf(event.time_ms);
    const TimeWindow last = assigner_.WindowAt(pane.start);
    if (IsTooLateFor(last)) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(aggregate().Add(pane, event));
    TimeWindow next;  // The first that has not ended, if any.
    bool registers = false;
    for (int64_t end_ms = last.end; end_ms >= pane.end; end_ms -= assigner_.slide_ms) {
      const TimeWindow window{end_ms - assigner_.length_ms, end_ms};
      if (IsTooLateFor(window)) break;
      if (HasEnded(window)) {
        KVSTATE_RETURN_IF_ERROR(FireEnded(event.key, window));
      } else {
        next = window;
        registers = true;
      }
    }
    if (registers) KVSTATE_RETURN_IF_ERROR(RegisterTimer(next, next.max_timestamp()));
    return AllowsLateness() ? RegisterTimer(last, CleanupTime(last)) : Status();
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const TimeWindow window, Decode<TimeWindow>(timer.state_namespace));
    const TimeWindow first_pane = assigner_.PaneOf(window.start);
    if (timer.timestamp == window.max_timestamp()) {
      KVSTATE_RETURN_IF_ERROR(FireEnded(timer.key, window));
      if (goes_on_) {
        const TimeWindow next = assigner_.WindowAt(first_pane.end);
        KVSTATE_RETURN_IF_ERROR(RegisterTimer(next, next.max_timestamp()));
      }
      if (!AllowsLateness() && !has_first_pane_) return Status();
    }
    return timer.timestamp == CleanupTime(window) ? aggregate().Clear(first_pane) : Status();
  }

  /// Leaves what it found in goes_on_ and has_first_pane_.
  Status FireEnded(ByteView key, const TimeWindow& window) {
    aggregate().BeginResult();
    KVSTATE_ASSIGN_OR_RETURN(has_first_pane_, aggregate().Gather(assigner_.PaneOf(window.start)));
    goes_on_ = false;
    for (int64_t start_ms = window.start + assigner_.slide_ms; start_ms < window.end; start_ms += assigner_.slide_ms) {
      KVSTATE_ASSIGN_OR_RETURN(const bool any, aggregate().Gather({start_ms, start_ms + assigner_.slide_ms}));
      goes_on_ = goes_on_ || any;
    }
    if (!has_first_pane_ && !goes_on_) return InternalError("state \"window\" has no pane of a window that is to fire");
    EmitResult(key, window);
    return Status();
  }

  const WindowAssigner assigner_;
  bool has_first_pane_ = false;
  bool goes_on_ = false;  ///< The next window has panes too.
};

}  // namespace

std::unique_ptr<Operator> MakePanedWindows(const WindowOptions& options, const WindowAssigner& assigner,
                                           std::unique_ptr<WindowAggregate> aggregate) {
  return std::make_unique<PanedWindowsOperator>(options, assigner, std::move(aggregate));
}

}  // namespace kvstate::workloads

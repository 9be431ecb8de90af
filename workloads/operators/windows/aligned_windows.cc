#include <memory>
#include <utility>

#include "kvstate/serializers.h"
#include "workloads/operators/windows/window_operator.h"

namespace kvstate::workloads {
namespace {

class AlignedWindowsOperator final : public WindowOperator {
 public:
  AlignedWindowsOperator(const WindowOptions& options, const WindowAssigner& assigner,
                         std::unique_ptr<WindowAggregate> aggregate)
      : WindowOperator(options, std::move(aggregate)), assigner_(assigner) {}

 private:
  Status ProcessInTime(const Event& event) override {
    const int64_t last_start_ms = assigner_.LastStart(event.time_ms);
    // Its last window ends last.
    if (IsTooLateFor(assigner_.WindowAt(last_start_ms))) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    for (int64_t start_ms = last_start_ms; start_ms > event.time_ms - assigner_.length_ms;
         start_ms -= assigner_.slide_ms) {
      const TimeWindow window = assigner_.WindowAt(start_ms);
      if (IsTooLateFor(window)) break;
      KVSTATE_RETURN_IF_ERROR(aggregate().Add(window, event));
      KVSTATE_RETURN_IF_ERROR(AfterAdd(event.key, window, window));
    }
    return Status();
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const TimeWindow window, Decode<TimeWindow>(timer.state_namespace));
    if (timer.timestamp == window.max_timestamp()) KVSTATE_RETURN_IF_ERROR(Fire(timer.key, window, window));
    return timer.timestamp == CleanupTime(window) ? aggregate().Clear(window) : Status();
  }

  const WindowAssigner assigner_;
};

}  // namespace

std::unique_ptr<Operator> MakeAlignedWindows(const WindowOptions& options, const WindowAssigner& assigner,
                                             std::unique_ptr<WindowAggregate> aggregate) {
  return std::make_unique<AlignedWindowsOperator>(options, assigner, std::move(aggregate));
}

}  // namespace kvstate::workloads

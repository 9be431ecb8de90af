#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/serializers.h"
#include "workloads/operators/session_set.h"
#include "workloads/operators/windows/window_operator.h"

namespace kvstate::workloads {
namespace {

class MergingWindowsOperator final : public WindowOperator {
 public:
  MergingWindowsOperator(const WindowOptions& options, int64_t gap_ms, std::unique_ptr<WindowAggregate> aggregate)
      : WindowOperator(options, std::move(aggregate)), gap_ms_(gap_ms) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(WindowOperator::OpenStates());
    return OpenState(ListStateDescriptor<Session>("sessions"), &sessions_.list());
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(sessions_.Load());
    const TimeWindow window{event.time_ms, event.time_ms + gap_ms_};
    if (IsTooLateFor(window) && !sessions_.Meets(window)) {
      CountLate();
      return Status();
    }
    KVSTATE_ASSIGN_OR_RETURN(const SessionSet::Change* change, sessions_.Join(window));
    const Session& joined = sessions_[change->place];
    for (const TimeWindow& ended : change->ended) KVSTATE_RETURN_IF_ERROR(DeleteTimers(ended));
    if (!change->merged.empty()) KVSTATE_RETURN_IF_ERROR(aggregate().Merge(joined.second, change->merged));
    KVSTATE_RETURN_IF_ERROR(aggregate().Add(joined.second, event));
    return AfterAdd(event.key, joined.first, joined.second);
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const TimeWindow window, Decode<TimeWindow>(timer.state_namespace));
    KVSTATE_RETURN_IF_ERROR(sessions_.Load());
    const std::optional<size_t> place = sessions_.EndingAt(window.max_timestamp());
    if (!place.has_value()) return InternalError("state \"sessions\" lacks a session that has a timer");
    const TimeWindow state_window = sessions_[*place].second;
    if (timer.timestamp == window.max_timestamp()) KVSTATE_RETURN_IF_ERROR(Fire(timer.key, window, state_window));
    if (timer.timestamp != CleanupTime(window)) return Status();
    KVSTATE_RETURN_IF_ERROR(aggregate().Clear(state_window));
    return sessions_.Erase(*place);
  }

  const int64_t gap_ms_;
  SessionSet sessions_;
};

}  // namespace

std::unique_ptr<Operator> MakeMergingWindows(const WindowOptions& options, int64_t gap_ms,
                                             std::unique_ptr<WindowAggregate> aggregate) {
  return std::make_unique<MergingWindowsOperator>(options, gap_ms, std::move(aggregate));
}

}  // namespace kvstate::workloads

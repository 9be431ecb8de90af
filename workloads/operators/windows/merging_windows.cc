#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"
#include "workloads/operators/windows/window_operator.h"

namespace kvstate::workloads {
namespace {

/// A session, and the window under whose namespace its events are kept: that of the event that opened it. So a session
/// that grows moves no state, and only sessions that an event joins are merged.
using Session = std::pair<TimeWindow, TimeWindow>;

class MergingWindowsOperator final : public WindowOperator {
 public:
  MergingWindowsOperator(const WindowOptions& options, int64_t gap_ms, std::unique_ptr<WindowAggregate> aggregate)
      : WindowOperator(options, std::move(aggregate)), gap_ms_(gap_ms) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(WindowOperator::OpenStates());
    return OpenState(ListStateDescriptor<Session>("sessions"), &list_);
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(LoadSessions());
    const TimeWindow window{event.time_ms, event.time_ms + gap_ms_};
    // Sessions of a key neither overlap nor touch, so those that the event's own window meets are all to merge.
    const auto first = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const Session& session) { return session.first.Intersects(window); });
    const auto place = static_cast<size_t>(first - sessions_.begin());
    if (first != sessions_.end()) {
      KVSTATE_RETURN_IF_ERROR(Join(window, place));
    } else if (IsTooLateFor(window)) {
      CountLate();
      return Status();
    } else {
      sessions_.emplace_back(window, window);
      KVSTATE_RETURN_IF_ERROR(list_.Update(sessions_));
    }
    const Session& joined = sessions_[place];
    KVSTATE_RETURN_IF_ERROR(aggregate().Add(joined.second, event));
    return AfterAdd(event.key, joined.first, joined.second);
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const TimeWindow window, Decode<TimeWindow>(timer.state_namespace));
    KVSTATE_RETURN_IF_ERROR(LoadSessions());
    const auto session = std::find_if(sessions_.begin(), sessions_.end(),
                                      [&](const Session& candidate) { return candidate.first == window; });
    if (session == sessions_.end()) return InternalError("state \"sessions\" lacks a session that has a timer");
    const TimeWindow state_window = session->second;
    if (timer.timestamp == window.max_timestamp()) KVSTATE_RETURN_IF_ERROR(Fire(timer.key, window, state_window));
    if (timer.timestamp != CleanupTime(window)) return Status();
    KVSTATE_RETURN_IF_ERROR(aggregate().Clear(state_window));
    sessions_.erase(session);
    return sessions_.empty() ? list_.Clear() : list_.Update(sessions_);
  }

  Status LoadSessions() {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Session>* stored, list_.Get());
    sessions_.clear();
    if (stored != nullptr) sessions_ = *stored;
    return Status();
  }

  /// Makes one session of `window` and the sessions it meets, of which sessions_[first] is the first and keeps its
  /// place.
  Status Join(const TimeWindow& window, size_t first) {
    TimeWindow merged = window;
    size_t meets = 0;
    for (const Session& session : sessions_) {
      if (!session.first.Intersects(window)) continue;
      merged = merged.Cover(session.first);
      ++meets;
    }
    if (meets == 1 && merged == sessions_[first].first) return Status();
    merged_state_windows_.clear();
    size_t kept = 0;
    for (size_t i = 0; i < sessions_.size(); ++i) {
      const Session session = sessions_[i];
      if (session.first.Intersects(window)) {
        KVSTATE_RETURN_IF_ERROR(DeleteTimers(session.first));
        if (i != first) {
          merged_state_windows_.push_back(session.second);
          continue;
        }
      }
      sessions_[kept++] = session;
    }
    sessions_.resize(kept);
    sessions_[first].first = merged;
    KVSTATE_RETURN_IF_ERROR(list_.Update(sessions_));
    if (merged_state_windows_.empty()) return Status();
    return aggregate().Merge(sessions_[first].second, merged_state_windows_);
  }

  const int64_t gap_ms_;
  ListState<Session> list_;
  std::vector<Session> sessions_;
  std::vector<TimeWindow> merged_state_windows_;
};

}  // namespace

std::unique_ptr<Operator> MakeMergingWindows(const WindowOptions& options, int64_t gap_ms,
                                             std::unique_ptr<WindowAggregate> aggregate) {
  return std::make_unique<MergingWindowsOperator>(options, gap_ms, std::move(aggregate));
}

}  // namespace kvstate::workloads

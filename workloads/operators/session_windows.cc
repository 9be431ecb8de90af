#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time_operator.h"

namespace kvstate::workloads {
namespace {

/// A session, and the window under whose namespace its count is kept: that of the event that opened it. So a session
/// that grows moves no state, and only sessions that an event joins are merged.
using Session = std::pair<TimeWindow, TimeWindow>;

/// Counts each key's events in sessions: an event at time t opens [t, t + gap), and windows of a key that overlap or
/// touch become one. A key's open sessions are a list in state, their counts a reducing state under window namespaces.
/// When the watermark reaches a session's last millisecond it is emitted and cleared. An event whose window the
/// watermark has passed, and that joins no open session, is dropped and counted.
class SessionWindowsOperator final : public EventTimeOperator {
 public:
  SessionWindowsOperator(const EventTimeOptions& options, int64_t gap_ms)
      : EventTimeOperator(options), gap_ms_(gap_ms) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
    KVSTATE_RETURN_IF_ERROR(OpenState(ListStateDescriptor<Session>("sessions"), &list_));
    const ReducingStateDescriptor<int64_t> descriptor("count", NamedReduceFunction("sum_int64"));
    return OpenState<ReducingState<int64_t>, TimeWindow>(descriptor, &count_);
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(LoadSessions());
    const TimeWindow window{event.time_ms, event.time_ms + gap_ms_};
    // Open sessions of a key neither overlap nor touch, so those that the event's own window meets are all to merge.
    const auto first = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const Session& session) { return session.first.Intersects(window); });
    if (first == sessions_.end() && window.max_timestamp() <= watermark_ms()) {
      CountLate();
      return Status();
    }
    if (first == sessions_.end()) {
      sessions_.emplace_back(window, window);
      KVSTATE_RETURN_IF_ERROR(RegisterEnd(window));
      KVSTATE_RETURN_IF_ERROR(list_.Update(sessions_));
      KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    } else {
      KVSTATE_RETURN_IF_ERROR(Join(window, static_cast<size_t>(first - sessions_.begin())));
    }
    return count_.Add(1);
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_RETURN_IF_ERROR(LoadSessions());
    const auto session = std::find_if(sessions_.begin(), sessions_.end(),
                                      [&](const Session& s) { return s.first.max_timestamp() == timer.timestamp; });
    if (session == sessions_.end()) return InternalError("state \"sessions\" lacks a session that is to fire");
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(session->second));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, count_.Get());
    if (count == nullptr) return InternalError("state \"count\" is absent where a session is to fire");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(timer.key);
    row.PutFixed64(static_cast<uint64_t>(session->first.start));
    row.PutFixed64(static_cast<uint64_t>(session->first.end));
    row.PutFixed64(static_cast<uint64_t>(*count));
    Emit();
    KVSTATE_RETURN_IF_ERROR(count_.Clear());
    sessions_.erase(session);
    return sessions_.empty() ? list_.Clear() : list_.Update(sessions_);
  }

  Status LoadSessions() {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Session>* stored, list_.Get());
    sessions_.clear();
    if (stored != nullptr) sessions_ = *stored;
    return Status();
  }

  /// Makes one session of `window` and the sessions it meets, of which sessions_[first] is the first, and leaves its
  /// state window as current namespace.
  Status Join(const TimeWindow& window, size_t first) {
    TimeWindow merged = window;
    merged_state_windows_.clear();
    size_t kept = 0;
    for (size_t i = 0; i < sessions_.size(); ++i) {
      const Session session = sessions_[i];
      const bool meets = session.first.Intersects(window);
      if (meets) merged = merged.Cover(session.first);
      if (meets && i != first) merged_state_windows_.push_back(session.second);
      // The first that meets keeps its place, which the merged session takes.
      if (!meets || i == first) sessions_[kept++] = session;
      if (meets) {
        KVSTATE_RETURN_IF_ERROR(timers().DeleteEventTimeTimer(Encode(session.first), session.first.max_timestamp()));
      }
    }
    sessions_.resize(kept);
    KVSTATE_RETURN_IF_ERROR(RegisterEnd(merged));
    Session& target = sessions_[first];
    if (target.first != merged) {
      target.first = merged;
      KVSTATE_RETURN_IF_ERROR(list_.Update(sessions_));
    }
    if (!merged_state_windows_.empty()) {
      KVSTATE_RETURN_IF_ERROR(count_.MergeNamespaces(target.second, merged_state_windows_));
    }
    return count_.SetCurrentNamespace(target.second);
  }

  Status RegisterEnd(const TimeWindow& window) {
    return timers().RegisterEventTimeTimer(Encode(window), window.max_timestamp());
  }

  const int64_t gap_ms_;
  ListState<Session> list_;
  ReducingState<int64_t> count_;
  std::vector<Session> sessions_;
  std::vector<TimeWindow> merged_state_windows_;
};

}  // namespace

WorkloadSpec SessionWindows();

WorkloadSpec SessionWindows() {
  return MakeWorkload(
      "session_windows", "Events of each key counted in sessions that merge as events join them, fire and clear",
      {{"keys", "10000"}, {"out_of_order_ms", "5000"}},
      EventTimeParameters(
          {{"gap_ms", "10000", "A session ends this many milliseconds after its last event, 1 to 2^50"}},
          {{"out_of_order_ms", "5000"}}),
      [](ParameterReader& reader) {
        const int64_t gap_ms = reader.Integer("gap_ms", 1, kMaxDurationMs);
        return std::make_unique<SessionWindowsOperator>(ReadEventTime(reader), gap_ms);
      });
}

}  // namespace kvstate::workloads

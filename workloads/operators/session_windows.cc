#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/event_timers.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

/// A session, and the window under whose namespace its count is kept: that of the event that opened it. So a session
/// that grows moves no state, and only sessions that an event joins are merged.
using Session = std::pair<TimeWindow, TimeWindow>;

struct SessionWindowsOptions {
  int64_t gap_ms = 1;
  int64_t out_of_order_ms = 0;
};

/// Counts each key's events in sessions: an event at time t opens [t, t + gap), and windows of a key that overlap or
/// touch become one. A key's open sessions are a list in state, their counts a reducing state under window namespaces.
/// When the watermark reaches a session's last millisecond it is emitted and cleared. An event whose window the
/// watermark has passed, and that joins no open session, is dropped and counted. What is to fire is kept in memory
/// (EventTimers).
class SessionWindowsOperator final : public OperatorBase {
 public:
  explicit SessionWindowsOperator(const SessionWindowsOptions& options)
      : options_(options), watermark_(options.out_of_order_ms) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(LoadSessions());
    const TimeWindow window{event.time_ms, event.time_ms + options_.gap_ms};
    // Open sessions of a key neither overlap nor touch, so those that the event's own window meets are all to merge.
    const auto first = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const Session& session) { return session.first.Intersects(window); });
    if (first == sessions_.end() && window.max_timestamp() <= watermark_.value()) {
      ++late_events_;
      return Status();
    }
    if (first == sessions_.end()) {
      sessions_.emplace_back(window, window);
      timers_.Register(window.max_timestamp(), event.key);
      KVSTATE_RETURN_IF_ERROR(list_.Update(sessions_));
      KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    } else {
      KVSTATE_RETURN_IF_ERROR(Join(window, event.key, static_cast<size_t>(first - sessions_.begin())));
    }
    KVSTATE_RETURN_IF_ERROR(count_.Add(1));
    watermark_.Observe(event.time_ms);
    return timers_.HasDue(watermark_.value()) ? FireDue() : Status();
  }

  /// Fires the sessions that are open; then emits the number of late events, when there were any.
  Status Finish() override {
    watermark_.Close();
    KVSTATE_RETURN_IF_ERROR(FireDue());
    if (late_events_ > 0) {
      NewRow().PutFixed64(late_events_);
      Emit();
    }
    return Status();
  }

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenState(ListStateDescriptor<Session>("sessions"), &list_));
    const ReducingStateDescriptor<int64_t> descriptor("count", NamedReduceFunction("sum_int64"));
    return OpenState<ReducingState<int64_t>, TimeWindow>(descriptor, &count_);
  }

  Status LoadSessions() {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Session>* stored, list_.Get());
    sessions_.clear();
    if (stored != nullptr) sessions_ = *stored;
    return Status();
  }

  /// Makes one session of `window` and the sessions it meets, of which sessions_[first] is the first, and leaves its
  /// state window as current namespace.
  Status Join(const TimeWindow& window, ByteView key, size_t first) {
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
      if (meets) timers_.Delete(session.first.max_timestamp(), key);
    }
    sessions_.resize(kept);
    timers_.Register(merged.max_timestamp(), key);
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

  Status FireDue() {
    return timers_.FireUpTo(watermark_.value(), [this](int64_t time_ms, ByteView key) { return Fire(time_ms, key); });
  }

  Status Fire(int64_t time_ms, ByteView key) {
    KVSTATE_RETURN_IF_ERROR(SetKey(key));
    KVSTATE_RETURN_IF_ERROR(LoadSessions());
    const auto session = std::find_if(sessions_.begin(), sessions_.end(),
                                      [&](const Session& s) { return s.first.max_timestamp() == time_ms; });
    if (session == sessions_.end()) return InternalError("state \"sessions\" lacks a session that is to fire");
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(session->second));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, count_.Get());
    if (count == nullptr) return InternalError("state \"count\" is absent where a session is to fire");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(key);
    row.PutFixed64(static_cast<uint64_t>(session->first.start));
    row.PutFixed64(static_cast<uint64_t>(session->first.end));
    row.PutFixed64(static_cast<uint64_t>(*count));
    Emit();
    KVSTATE_RETURN_IF_ERROR(count_.Clear());
    sessions_.erase(session);
    return sessions_.empty() ? list_.Clear() : list_.Update(sessions_);
  }

  const SessionWindowsOptions options_;
  ListState<Session> list_;
  ReducingState<int64_t> count_;
  BoundedWatermark watermark_;
  EventTimers timers_;
  std::vector<Session> sessions_;
  std::vector<TimeWindow> merged_state_windows_;
  uint64_t late_events_ = 0;
};

}  // namespace

WorkloadSpec SessionWindows();

WorkloadSpec SessionWindows() {
  return MakeWorkload(
      "session_windows", "Events of each key counted in sessions that merge as events join them, fire and clear",
      {{"keys", "10000"}, {"out_of_order_ms", "5000"}},
      {{"gap_ms", "10000", "A session ends this many milliseconds after its last event, 1 to 2^50"},
       {"out_of_order_ms", "5000", "The watermark stays this many milliseconds behind the latest event, 0 to 2^50"}},
      [](ParameterReader& reader) {
        SessionWindowsOptions options;
        options.gap_ms = reader.Integer("gap_ms", 1, kMaxDurationMs);
        options.out_of_order_ms = reader.Integer("out_of_order_ms", 0, kMaxDurationMs);
        return std::make_unique<SessionWindowsOperator>(options);
      });
}

}  // namespace kvstate::workloads

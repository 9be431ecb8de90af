#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time_operator.h"
#include "workloads/operators/session_set.h"

namespace kvstate::workloads {
namespace {

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
    KVSTATE_RETURN_IF_ERROR(OpenState(ListStateDescriptor<Session>("sessions"), &sessions_.list()));
    const ReducingStateDescriptor<int64_t> descriptor("count", NamedReduceFunction("sum_int64"));
    return OpenState<ReducingState<int64_t>, TimeWindow>(descriptor, &count_);
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(sessions_.Load());
    const TimeWindow window{event.time_ms, event.time_ms + gap_ms_};
    if (window.max_timestamp() <= watermark_ms() && !sessions_.Meets(window)) {
      CountLate();
      return Status();
    }
    KVSTATE_ASSIGN_OR_RETURN(const SessionSet::Change* change, sessions_.Join(window));
    const Session& session = sessions_[change->place];
    for (const TimeWindow& ended : change->ended) {
      KVSTATE_RETURN_IF_ERROR(timers().DeleteEventTimeTimer(Encode(ended), ended.max_timestamp()));
    }
    KVSTATE_RETURN_IF_ERROR(timers().RegisterEventTimeTimer(Encode(session.first), session.first.max_timestamp()));
    if (!change->merged.empty()) {
      KVSTATE_RETURN_IF_ERROR(count_.MergeNamespaces(session.second, change->merged));
    }
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(session.second));
    return count_.Add(1);
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_RETURN_IF_ERROR(sessions_.Load());
    const std::optional<size_t> place = sessions_.EndingAt(timer.timestamp);
    if (!place.has_value()) return InternalError("state \"sessions\" lacks a session that is to fire");
    const Session& session = sessions_[*place];
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(session.second));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, count_.Get());
    if (count == nullptr) return InternalError("state \"count\" is absent where a session is to fire");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(timer.key);
    row.PutFixed64(static_cast<uint64_t>(session.first.start));
    row.PutFixed64(static_cast<uint64_t>(session.first.end));
    row.PutFixed64(static_cast<uint64_t>(*count));
    Emit();
    KVSTATE_RETURN_IF_ERROR(count_.Clear());
    return sessions_.Erase(*place);
  }

  const int64_t gap_ms_;
  SessionSet sessions_;
  ReducingState<int64_t> count_;
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

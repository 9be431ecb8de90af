#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "workloads/operators/joins/join_workload.h"

namespace kvstate::workloads {
namespace {

/// Joins each left event with the version of its key's right side that was valid at its time: the latest one at or
/// before it. Left events wait in a map, by the order in which they came, until the watermark reaches them; versions
/// are in a map by time, and go once the watermark is beyond the next one's. A key has one timer at a time, for the
/// earliest of what waits, which works off all that the watermark has reached. No event is late: one that comes after
/// its time joins what versions are left.
class TemporalJoinOperator final : public EventTimeOperator {
 public:
  TemporalJoinOperator(const EventTimeOptions& options, bool is_left_outer)
      : EventTimeOperator(options), is_left_outer_(is_left_outer) {}

 private:
  using TimeAndPayload = std::pair<int64_t, std::string>;

  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<VoidNamespace>()));
    KVSTATE_RETURN_IF_ERROR(OpenState(MapStateDescriptor<int64_t, TimeAndPayload>("left"), &left_));
    KVSTATE_RETURN_IF_ERROR(OpenState(MapStateDescriptor<int64_t, std::string>("right"), &right_));
    KVSTATE_RETURN_IF_ERROR(OpenState(ValueStateDescriptor<int64_t>("next_left_index"), &next_left_index_));
    return OpenState(ValueStateDescriptor<int64_t>("registered_timer"), &registered_timer_);
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckJoinStream(event, /*retractions=*/false));
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    if (event.stream == kLeftRows) {
      KVSTATE_ASSIGN_OR_RETURN(const int64_t index, TakeLeftIndex());
      KVSTATE_RETURN_IF_ERROR(left_.Put(index, {event.time_ms, std::string(event.value)}));
    } else {
      KVSTATE_RETURN_IF_ERROR(right_.Put(event.time_ms, std::string(event.value)));
    }
    return RegisterSmallestTimer(event.time_ms);
  }

  Result<int64_t> TakeLeftIndex() {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* next, next_left_index_.Get());
    const int64_t index = next == nullptr ? 0 : *next;
    KVSTATE_RETURN_IF_ERROR(next_left_index_.Update(index + 1));
    return index;
  }

  Status RegisterSmallestTimer(int64_t time_ms) {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* registered, registered_timer_.Get());
    if (registered != nullptr) {
      if (*registered <= time_ms) return Status();
      KVSTATE_RETURN_IF_ERROR(timers().DeleteEventTimeTimer(Encode(VoidNamespace{}), *registered));
    }
    return RegisterTimer(time_ms);
  }

  Status RegisterTimer(int64_t time_ms) {
    KVSTATE_RETURN_IF_ERROR(registered_timer_.Update(time_ms));
    return timers().RegisterEventTimeTimer(Encode(VoidNamespace{}), time_ms);
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_RETURN_IF_ERROR(registered_timer_.Clear());
    KVSTATE_RETURN_IF_ERROR(ReadVersions());
    KVSTATE_ASSIGN_OR_RETURN(const std::optional<int64_t> earliest_left_ms, TakeReachedLefts());
    for (const auto& [index, left] : reached_) EmitJoined(timer.key, left);
    KVSTATE_RETURN_IF_ERROR(RemoveOldVersions());
    return earliest_left_ms.has_value() ? RegisterTimer(*earliest_left_ms) : Status();
  }

  /// All of the key's, by time.
  Status ReadVersions() {
    versions_.clear();
    KVSTATE_ASSIGN_OR_RETURN(auto entries, right_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* stored_time_ms, entries.Key());
      const int64_t time_ms = *stored_time_ms;
      KVSTATE_ASSIGN_OR_RETURN(const std::string* payload, entries.Value());
      versions_.emplace_back(time_ms, *payload);
    }
    // Entries come in the order of their bytes, in which times before 1970 are last.
    std::sort(versions_.begin(), versions_.end());
    return Status();
  }

  /// Removes those that the watermark has reached. The earliest time of the others.
  Result<std::optional<int64_t>> TakeReachedLefts() {
    reached_.clear();
    std::optional<int64_t> earliest_ms;
    KVSTATE_ASSIGN_OR_RETURN(auto entries, left_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) return earliest_ms;
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* stored_index, entries.Key());
      const int64_t index = *stored_index;
      KVSTATE_ASSIGN_OR_RETURN(const TimeAndPayload* left, entries.Value());
      if (left->first <= watermark_ms()) {
        reached_[index] = *left;
        KVSTATE_RETURN_IF_ERROR(entries.Remove());
      } else if (!earliest_ms.has_value() || left->first < *earliest_ms) {
        earliest_ms = left->first;
      }
    }
  }

  /// The first version after the time.
  std::vector<TimeAndPayload>::const_iterator VersionAfter(int64_t time_ms) const {
    return std::upper_bound(versions_.begin(), versions_.end(), time_ms,
                            [](int64_t time, const TimeAndPayload& version) { return time < version.first; });
  }

  void EmitJoined(ByteView key, const TimeAndPayload& left) {
    const auto after = VersionAfter(left.first);
    const bool is_joined = after != versions_.begin();
    if (!is_joined && !is_left_outer_) return;
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(key);
    row.PutFixed64(static_cast<uint64_t>(left.first));
    row.PutLengthPrefixed(left.second);
    row.PutByte(is_joined ? 1 : 0);
    if (is_joined) {
      const TimeAndPayload& version = *std::prev(after);
      row.PutFixed64(static_cast<uint64_t>(version.first));
      row.PutLengthPrefixed(version.second);
    }
    Emit();
  }

  /// All before the one that is valid at the watermark.
  Status RemoveOldVersions() {
    const auto after = VersionAfter(watermark_ms());
    if (after == versions_.begin()) return Status();
    for (auto version = versions_.cbegin(); version != std::prev(after); ++version) {
      KVSTATE_RETURN_IF_ERROR(right_.Remove(version->first));
    }
    return Status();
  }

  const bool is_left_outer_;
  MapState<int64_t, TimeAndPayload> left_;
  MapState<int64_t, std::string> right_;
  ValueState<int64_t> next_left_index_;
  ValueState<int64_t> registered_timer_;
  std::vector<TimeAndPayload> versions_;
  std::map<int64_t, TimeAndPayload> reached_;  ///< By index.
};

}  // namespace

WorkloadSpec TemporalJoin();

WorkloadSpec TemporalJoin() {
  JoinSource source;
  source.defaults = {{"keys", "10000"}, {"out_of_order_ms", "1000"}, {"value_bytes", "64"}, {"right_percent", "10"}};
  source.fills_right = true;
  return MakeJoinWorkload(
      "temporal_join", "A stream joined with the version of a table that was valid at each event's time", source,
      EventTimeParameters(
          {{"join_type", "inner", "What is emitted of an event without a version: inner (nothing), left (it alone)"}}),
      [](ParameterReader& reader) {
        const bool is_left_outer = reader.Choice("join_type", {"inner", "left"}) == 1;
        return std::make_unique<TemporalJoinOperator>(ReadEventTime(reader), is_left_outer);
      });
}

}  // namespace kvstate::workloads

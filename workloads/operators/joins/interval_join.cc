#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/joins/join_workload.h"

namespace kvstate::workloads {
namespace {

/// Joins left events at t with right ones from t + lower bound to t + upper bound, both bounds included. Each side's
/// payloads are in a map from event time to all those of the time. An event is added to its side's map and joined with
/// what a scan of the other side's finds within the bounds; a timer, whose namespace says the side, removes its time
/// when no event can be joined with it any more. An event before the watermark is late.
class IntervalJoinOperator final : public EventTimeOperator {
 public:
  IntervalJoinOperator(const EventTimeOptions& options, int64_t lower_bound_ms, int64_t upper_bound_ms)
      : EventTimeOperator(options) {
    left_.before_ms = -lower_bound_ms;
    left_.after_ms = upper_bound_ms;
    right_.before_ms = upper_bound_ms;
    right_.after_ms = -lower_bound_ms;
  }

 private:
  using Buffer = MapState<int64_t, std::vector<std::string>>;
  struct Side {
    Buffer buffer;
    int64_t before_ms = 0;  ///< An event of the side joins those of the other from so much before it,
    int64_t after_ms = 0;   ///< to so much after it.
    /// How long it waits for those of the other side.
    int64_t WaitsMs() const { return after_ms > 0 ? after_ms : 0; }
  };

  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<uint8_t>()));
    using Descriptor = MapStateDescriptor<int64_t, std::vector<std::string>>;
    KVSTATE_RETURN_IF_ERROR(OpenState(Descriptor("left_buffer"), &left_.buffer));
    return OpenState(Descriptor("right_buffer"), &right_.buffer);
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckJoinStream(event, /*retractions=*/false));
    if (event.time_ms < watermark_ms()) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    const bool is_left = event.stream == kLeftRows;
    Side& own = is_left ? left_ : right_;
    KVSTATE_RETURN_IF_ERROR(AddTo(own.buffer, event));
    KVSTATE_RETURN_IF_ERROR(JoinWith((is_left ? right_ : left_).buffer, event, event.time_ms - own.before_ms,
                                     event.time_ms + own.after_ms));
    return timers().RegisterEventTimeTimer(Encode(static_cast<uint8_t>(event.stream)), event.time_ms + own.WaitsMs());
  }

  Status AddTo(Buffer& buffer, const Event& event) {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* of_time, buffer.Get(event.time_ms));
    payloads_.clear();
    if (of_time != nullptr) payloads_ = *of_time;
    payloads_.emplace_back(event.value);
    return buffer.Put(event.time_ms, payloads_);
  }

  Status JoinWith(Buffer& other, const Event& event, int64_t first_ms, int64_t last_ms) {
    KVSTATE_ASSIGN_OR_RETURN(auto entries, other.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) return Status();
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* stored_time_ms, entries.Key());
      const int64_t time_ms = *stored_time_ms;
      if (time_ms < first_ms || time_ms > last_ms) continue;
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* payloads, entries.Value());
      for (const std::string& payload : *payloads) {
        if (event.stream == kLeftRows) {
          EmitPair(event.key, event.time_ms, event.value, time_ms, payload);
        } else {
          EmitPair(event.key, time_ms, payload, event.time_ms, event.value);
        }
      }
    }
  }

  void EmitPair(ByteView key, int64_t left_ms, ByteView left, int64_t right_ms, ByteView right) {
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(key);
    row.PutFixed64(static_cast<uint64_t>(left_ms));
    row.PutLengthPrefixed(left);
    row.PutFixed64(static_cast<uint64_t>(right_ms));
    row.PutLengthPrefixed(right);
    Emit();
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const uint8_t side_of_timer, Decode<uint8_t>(timer.state_namespace));
    Side& side = side_of_timer == kLeftRows ? left_ : right_;
    return side.buffer.Remove(timer.timestamp - side.WaitsMs());
  }

  Side left_;
  Side right_;
  std::vector<std::string> payloads_;
};

}  // namespace

WorkloadSpec IntervalJoin();

WorkloadSpec IntervalJoin() {
  return MakeJoinWorkload(
      "interval_join",
      "Two streams joined by key where their times are within bounds: two maps by time, cleaned by timers",
      {{{"keys", "10000"}, {"out_of_order_ms", "1000"}, {"value_bytes", "64"}}},
      EventTimeParameters(
          {{"lower_bound_ms", "-5000",
            "A left event is joined with right ones from this many milliseconds after it, included, -2^50 to "
            "upper_bound_ms; below 0: before it"},
           {"upper_bound_ms", "5000",
            "A left event is joined with right ones up to this many milliseconds after it, included, lower_bound_ms to "
            "2^50"}}),
      [](ParameterReader& reader) {
        const int64_t lower_bound_ms = reader.Integer("lower_bound_ms", -kMaxDurationMs, kMaxDurationMs);
        const int64_t upper_bound_ms = reader.Integer("upper_bound_ms", -kMaxDurationMs, kMaxDurationMs);
        if (upper_bound_ms < lower_bound_ms) reader.Refuse("upper_bound_ms", "at least lower_bound_ms");
        return std::make_unique<IntervalJoinOperator>(ReadEventTime(reader), lower_bound_ms, upper_bound_ms);
      });
}

}  // namespace kvstate::workloads

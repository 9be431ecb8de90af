#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/descriptors.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time_operator.h"

namespace kvstate::workloads {
namespace {

struct EventPatternOptions {
  EventTimeOptions event_time;
  int64_t within_ms = 1;
  uint64_t a_percent = 0;
  uint64_t b_percent = 0;
  uint64_t c_percent = 0;
};

enum class Outcome : uint8_t { kMatched = 1, kTimedOut = 2 };

/// Looks for an A and then a B without a C between them, within a time, in each key. An A begins to wait, with a timer
/// for the end of its time, unless one waits already. While it waits, and by their event times after it: a B is a
/// match, a C ends it in silence, the timer ends it as timed out. A hash of an event says what it is. Events are taken
/// in the order in which they come; an A whose time is over when it comes is late.
class EventPatternOperator final : public EventTimeOperator {
 public:
  explicit EventPatternOperator(const EventPatternOptions& options)
      : EventTimeOperator(options.event_time), options_(options) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<VoidNamespace>()));
    return OpenState(ValueStateDescriptor<int64_t>("began_ms"), &began_);
  }

  Status ProcessInTime(const Event& event) override {
    const uint64_t percent = HashEvent(event.time_ms, event.key, event.value) % 100;
    const bool is_a = percent < options_.a_percent;
    const bool is_b = !is_a && percent < options_.a_percent + options_.b_percent;
    if (percent >= options_.a_percent + options_.b_percent + options_.c_percent) return Status();
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* stored_ms, began_.Get());
    if (stored_ms == nullptr) return is_a ? Begin(event) : Status();
    const int64_t began_ms = *stored_ms;
    if (is_a || event.time_ms < began_ms || event.time_ms > began_ms + options_.within_ms) return Status();
    if (is_b) EmitOutcome(Outcome::kMatched, event.key, began_ms, event.time_ms);
    KVSTATE_RETURN_IF_ERROR(timers().DeleteEventTimeTimer(namespace_, began_ms + options_.within_ms));
    return began_.Clear();
  }

  Status Begin(const Event& event) {
    const int64_t end_ms = event.time_ms + options_.within_ms;
    if (end_ms <= watermark_ms()) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(began_.Update(event.time_ms));
    return timers().RegisterEventTimeTimer(namespace_, end_ms);
  }

  Status OnTimer(const Timer& timer) override {
    EmitOutcome(Outcome::kTimedOut, timer.key, timer.timestamp - options_.within_ms, timer.timestamp);
    return began_.Clear();
  }

  void EmitOutcome(Outcome outcome, ByteView key, int64_t began_ms, int64_t ended_ms) {
    ByteWriter& row = NewRow();
    row.PutByte(static_cast<uint8_t>(outcome));
    row.PutLengthPrefixed(key);
    row.PutFixed64(static_cast<uint64_t>(began_ms));
    row.PutFixed64(static_cast<uint64_t>(ended_ms));
    Emit();
  }

  const EventPatternOptions options_;
  const std::string namespace_ = Encode(VoidNamespace{});
  ValueState<int64_t> began_;
};

}  // namespace

WorkloadSpec EventPattern();

WorkloadSpec EventPattern() {
  return MakeWorkload(
      "event_pattern", "A pattern over each key's events: A, then B without C between them, within a time",
      {{"keys", "10000"}},
      EventTimeParameters({{"within_ms", "10000", "Milliseconds from A to B at most, 1 to 2^50"},
                           {"a_percent", "20", "Events that are an A, 0 to 100 percent"},
                           {"b_percent", "20", "Events that are a B, 0 to 100 percent"},
                           {"c_percent", "10", "Events that are a C, 0 to 100 percent; what is left of 100 is none"}}),
      [](ParameterReader& reader) {
        EventPatternOptions options;
        options.event_time = ReadEventTime(reader);
        options.within_ms = reader.Integer("within_ms", 1, kMaxDurationMs);
        options.a_percent = reader.Count("a_percent", 0, 100);
        options.b_percent = reader.Count("b_percent", 0, 100);
        options.c_percent = reader.Count("c_percent", 0, 100);
        if (options.a_percent + options.b_percent + options.c_percent > 100) {
          reader.Refuse("a_percent", "such that it, b_percent and c_percent sum to 100 at most");
        }
        return std::make_unique<EventPatternOperator>(options);
      });
}

}  // namespace kvstate::workloads

#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {
namespace {

/// New users: who came and sold in one tumbling window. Persons and sellers, each once a window, are value states under
/// the person's id, their namespace the window; the window's timer joins and clears them.
class Q8Operator final : public EventTimeQuery {
 public:
  Q8Operator(const EventTimeOptions& options, int64_t window_ms) : EventTimeQuery(options), window_ms_(window_ms) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
    KVSTATE_RETURN_IF_ERROR(
        (OpenState<ValueState<std::string>, TimeWindow>(ValueStateDescriptor<std::string>("new_person"), &person_)));
    return OpenState<ValueState<uint8_t>, TimeWindow>(ValueStateDescriptor<uint8_t>("seller"), &seller_);
  }

  Status OnPerson(const Person& person) override {
    return TakeOnce(person.id, person.date_time_ms, &person_, person.name);
  }
  Status OnAuction(const Auction& auction) override {
    return TakeOnce(auction.seller, auction.date_time_ms, &seller_, uint8_t{1});
  }

  /// Unless it is there already.
  template <class V>
  Status TakeOnce(int64_t person, int64_t time_ms, ValueState<V>* state, const V& value) {
    const TimeWindow window = TumblingWindowOf(time_ms, window_ms_);
    if (IsLate(window.max_timestamp())) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(person));
    KVSTATE_RETURN_IF_ERROR(state->SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const V* there, state->Get());
    if (there != nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(state->Update(value));
    return timers().RegisterEventTimeTimer(Encode(window), window.max_timestamp());
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t id, Decode<int64_t>(timer.key));
    const TimeWindow window = TumblingWindowOf(timer.timestamp, window_ms_);
    KVSTATE_RETURN_IF_ERROR(person_.SetCurrentNamespace(window));
    KVSTATE_RETURN_IF_ERROR(seller_.SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const std::string* name, person_.Get());
    KVSTATE_ASSIGN_OR_RETURN(const uint8_t* sold, seller_.Get());
    if (name != nullptr && sold != nullptr) EmitRow(id, *name, window.start);
    if (name != nullptr) KVSTATE_RETURN_IF_ERROR(person_.Clear());
    return sold == nullptr ? Status() : seller_.Clear();
  }

  const int64_t window_ms_;
  ValueState<std::string> person_;
  ValueState<uint8_t> seller_;
};

}  // namespace

WorkloadSpec NexmarkQ8();

WorkloadSpec NexmarkQ8() {
  return MakeNexmarkQuery(
      "nexmark_q8", "Nexmark 8: persons who came and sold in the same tumbling window, by a window join",
      EventTimeQueryParameters({{"window_ms", "10000", "Length of a window in milliseconds, 1 to 2^50"}}),
      [](ParameterReader& reader) {
        const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
        return std::make_unique<Q8Operator>(ReadEventTime(reader), window_ms);
      });
}

}  // namespace kvstate::workloads

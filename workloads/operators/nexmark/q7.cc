#include <cstdint>
#include <memory>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {
namespace {

/// The bids with the highest price of each tumbling window. The first stage has the highest price of each window, a
/// reducing state under the one key that there is, its namespace the window. The second, keyed by the price, is an
/// interval join of bids with these: a bid made in the window, or at its very end, joins. Both sides are maps by time,
/// each emptied by a timer as soon as the watermark lets nothing more join.
class Q7Operator final : public EventTimeQuery {
 public:
  Q7Operator(const EventTimeOptions& options, int64_t window_ms) : EventTimeQuery(options), window_ms_(window_ms) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
    KVSTATE_RETURN_IF_ERROR(OpenSecondStageTimers(SerializerFor<VoidNamespace>()));
    const ReducingStateDescriptor<int64_t> max("max_price", NamedReduceFunction("max_int64"));
    KVSTATE_RETURN_IF_ERROR((OpenState<ReducingState<int64_t>, TimeWindow>(max, &max_price_)));
    KVSTATE_RETURN_IF_ERROR(OpenState(MapStateDescriptor<int64_t, std::vector<Bid>>("bids"), &bids_));
    return OpenState(MapStateDescriptor<int64_t, uint8_t>("windows_won"), &windows_won_);
  }

  Status OnBid(const Bid& bid) override {
    const TimeWindow window = TumblingWindowOf(bid.date_time_ms, window_ms_);
    if (IsLate(window.max_timestamp())) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(ByteView()));
    KVSTATE_RETURN_IF_ERROR(max_price_.SetCurrentNamespace(window));
    KVSTATE_RETURN_IF_ERROR(max_price_.Add(bid.price));
    KVSTATE_RETURN_IF_ERROR(timers().RegisterEventTimeTimer(Encode(window), window.max_timestamp()));
    return JoinBid(bid, window);
  }

  Status JoinBid(const Bid& bid, const TimeWindow& window) {
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.price));
    KVSTATE_ASSIGN_OR_RETURN(auto windows, windows_won_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, windows.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* end, windows.Key());
      if (Joins(bid.date_time_ms, *end)) EmitBid(bid);
    }
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Bid>* same_time, bids_.Get(bid.date_time_ms));
    std::vector<Bid> bids;
    if (same_time != nullptr) bids = *same_time;
    bids.push_back(bid);
    KVSTATE_RETURN_IF_ERROR(bids_.Put(bid.date_time_ms, bids));
    return second_stage_timers().RegisterEventTimeTimer(Encode(VoidNamespace()), window.max_timestamp());
  }

  Status OnTimer(const Timer& timer) override {
    const int64_t end = timer.timestamp + 1;
    KVSTATE_RETURN_IF_ERROR(max_price_.SetCurrentNamespace(TimeWindow{end - window_ms_, end}));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* max, max_price_.Get());
    if (max == nullptr) return InternalError("state \"max_price\" is absent where a window is to fire");
    const int64_t price = *max;
    KVSTATE_RETURN_IF_ERROR(max_price_.Clear());

    KVSTATE_RETURN_IF_ERROR(SetKeyOf(price));
    KVSTATE_ASSIGN_OR_RETURN(auto bids, bids_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, bids.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* time_ms, bids.Key());
      if (!Joins(*time_ms, end)) continue;
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<Bid>* at_time, bids.Value());
      if (at_time == nullptr) return InternalError("state \"bids\" has a null value, which was never put");
      for (const Bid& bid : *at_time) EmitBid(bid);
    }
    KVSTATE_RETURN_IF_ERROR(windows_won_.Put(end, 1));
    return second_stage_timers().RegisterEventTimeTimer(Encode(VoidNamespace()), end);
  }

  /// Bids whose window has fired, and windows whose end has passed, join nothing more.
  Status OnSecondStageTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(auto bids, bids_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, bids.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* time_ms, bids.Key());
      if (TumblingWindowOf(*time_ms, window_ms_).max_timestamp() > timer.timestamp) continue;
      KVSTATE_RETURN_IF_ERROR(bids.Remove());
    }
    KVSTATE_ASSIGN_OR_RETURN(auto windows, windows_won_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, windows.Next());
      if (!more) return Status();
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* end, windows.Key());
      if (*end <= timer.timestamp) KVSTATE_RETURN_IF_ERROR(windows.Remove());
    }
  }

  bool Joins(int64_t bid_ms, int64_t window_end) const {
    return bid_ms >= window_end - window_ms_ && bid_ms <= window_end;
  }

  void EmitBid(const Bid& bid) { EmitRow(bid.auction, bid.price, bid.bidder, bid.date_time_ms, bid.extra); }

  const int64_t window_ms_;
  ReducingState<int64_t> max_price_;
  MapState<int64_t, std::vector<Bid>> bids_;
  MapState<int64_t, uint8_t> windows_won_;
};

}  // namespace

WorkloadSpec NexmarkQ7();

WorkloadSpec NexmarkQ7() {
  return MakeNexmarkQuery(
      "nexmark_q7", "Nexmark 7: the bids with the highest price of each tumbling window, by an interval join",
      EventTimeQueryParameters({{"window_ms", "10000", "Length of a window in milliseconds, 1 to 2^50"}}),
      [](ParameterReader& reader) {
        const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
        return std::make_unique<Q7Operator>(ReadEventTime(reader), window_ms);
      });
}

}  // namespace kvstate::workloads

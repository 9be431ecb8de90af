#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {
namespace {

/// Hot items: of each sliding window the auctions with the most bids. The first stage counts each auction's bids in
/// slices as long as the slide, which the windows share: one reducing state, its namespace the slice. A window that
/// fires adds up its slices and drops the first, which no later window has. The second stage, keyed by the window, has
/// the counts in a list and their maximum in a reducing state until all of the window's are there.
class Q5Operator final : public EventTimeQuery {
 public:
  Q5Operator(const EventTimeOptions& options, int64_t window_ms, int64_t slide_ms)
      : EventTimeQuery(options), window_ms_(window_ms), slide_ms_(slide_ms) {}

 private:
  using AuctionCount = std::pair<int64_t, int64_t>;

  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
    KVSTATE_RETURN_IF_ERROR(OpenSecondStageTimers(SerializerFor<VoidNamespace>()));
    const ReducingStateDescriptor<int64_t> count("slice_count", NamedReduceFunction("sum_int64"));
    KVSTATE_RETURN_IF_ERROR((OpenState<ReducingState<int64_t>, TimeWindow>(count, &slice_count_)));
    KVSTATE_RETURN_IF_ERROR(OpenState(ListStateDescriptor<AuctionCount>("window_counts"), &window_counts_));
    const ReducingStateDescriptor<int64_t> max("window_max", NamedReduceFunction("max_int64"));
    return OpenState(max, &window_max_);
  }

  Status OnBid(const Bid& bid) override {
    const TimeWindow slice = TumblingWindowOf(bid.date_time_ms, slide_ms_);
    // The first window with the slice that has not fired.
    TimeWindow window{slice.end - window_ms_, slice.end};
    while (window.start <= slice.start && IsLate(window.max_timestamp())) window = Next(window);
    if (window.start > slice.start) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.auction));
    KVSTATE_RETURN_IF_ERROR(slice_count_.SetCurrentNamespace(slice));
    KVSTATE_RETURN_IF_ERROR(slice_count_.Add(1));
    return timers().RegisterEventTimeTimer(Encode(window), window.max_timestamp());
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t auction, Decode<int64_t>(timer.key));
    const TimeWindow window{timer.timestamp + 1 - window_ms_, timer.timestamp + 1};
    int64_t bids = 0;
    int64_t first = 0;
    for (TimeWindow slice{window.start, window.start + slide_ms_}; slice.end <= window.end; slice = Next(slice)) {
      KVSTATE_RETURN_IF_ERROR(slice_count_.SetCurrentNamespace(slice));
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, slice_count_.Get());
      if (count == nullptr) continue;
      if (slice.start == window.start) first = *count;
      bids += *count;
    }
    if (first > 0) {
      KVSTATE_RETURN_IF_ERROR(slice_count_.SetCurrentNamespace(TimeWindow{window.start, window.start + slide_ms_}));
      KVSTATE_RETURN_IF_ERROR(slice_count_.Clear());
    }
    if (bids > first) {
      const TimeWindow next = Next(window);
      KVSTATE_RETURN_IF_ERROR(timers().RegisterEventTimeTimer(Encode(next), next.max_timestamp()));
    }
    return TakeCount(window, {auction, bids});
  }

  Status TakeCount(const TimeWindow& window, const AuctionCount& count) {
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(window));
    KVSTATE_RETURN_IF_ERROR(window_counts_.Add(count));
    KVSTATE_RETURN_IF_ERROR(window_max_.Add(count.second));
    return second_stage_timers().RegisterEventTimeTimer(Encode(VoidNamespace()), window.max_timestamp());
  }

  Status OnSecondStageTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* max, window_max_.Get());
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<AuctionCount>* counts, window_counts_.Get());
    if (max == nullptr || counts == nullptr) return InternalError("a window that is to fire has no counts");
    const TimeWindow window{timer.timestamp + 1 - window_ms_, timer.timestamp + 1};
    for (const AuctionCount& count : *counts) {
      if (count.second >= *max) EmitRow(window, count);
    }
    KVSTATE_RETURN_IF_ERROR(window_counts_.Clear());
    return window_max_.Clear();
  }

  TimeWindow Next(const TimeWindow& window) const { return {window.start + slide_ms_, window.end + slide_ms_}; }

  const int64_t window_ms_;
  const int64_t slide_ms_;
  ReducingState<int64_t> slice_count_;
  ListState<AuctionCount> window_counts_;
  ReducingState<int64_t> window_max_;
};

}  // namespace

WorkloadSpec NexmarkQ5();

WorkloadSpec NexmarkQ5() {
  return MakeNexmarkQuery(
      "nexmark_q5", "Nexmark 5: the auctions with the most bids in each sliding window, in two stages",
      EventTimeQueryParameters(
          {{"window_ms", "10000", "Length of a window in milliseconds, a multiple of slide_ms, 1 to 2^50"},
           {"slide_ms", "2000",
            "Milliseconds from one window to the next, 1 to 2^50; window_ms is at most 1000 times it"}}),
      [](ParameterReader& reader) {
        const int64_t slide_ms = reader.Integer("slide_ms", 1, kMaxDurationMs);
        const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
        if (window_ms % slide_ms != 0 || window_ms / slide_ms > 1000) {
          reader.Refuse("window_ms", "a multiple of slide_ms, at most 1000 times it");
        }
        return std::make_unique<Q5Operator>(ReadEventTime(reader), window_ms, slide_ms);
      });
}

}  // namespace kvstate::workloads

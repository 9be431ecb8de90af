#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/bid_statistics.h"

namespace kvstate::workloads {

/// The accumulators of an auction's day.
struct PriceStatistics {
  BandCounts bids;
  int64_t min = 0;
  int64_t max = 0;
  int64_t sum = 0;
};

}  // namespace kvstate::workloads

namespace kvstate {
inline namespace v1 {

template <>
struct StructTraits<workloads::PriceStatistics> {
  using Statistics = workloads::PriceStatistics;
  static constexpr std::string_view kName = "NexmarkPriceStatistics";
  static constexpr auto kMembers = std::make_tuple(Member("bids", &Statistics::bids), Member("min", &Statistics::min),
                                                   Member("max", &Statistics::max), Member("sum", &Statistics::sum));
};

}  // namespace v1
}  // namespace kvstate

namespace kvstate::workloads {
namespace {

/// Bids of each auction and day counted, with the least, the highest, the average and the sum of their prices, emitted
/// anew for each bid: one value state, which stays for good.
class Q17Operator final : public ContinuousQuery {
 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<PriceStatistics>("statistics"), &statistics_); }

  Status OnBid(const Bid& bid) override {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(bid.date_time_ms));
    const int64_t day = DayOf(bid.date_time_ms);
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.auction, day));
    KVSTATE_ASSIGN_OR_RETURN(const PriceStatistics* so_far, statistics_.Get());
    PriceStatistics statistics = so_far == nullptr ? PriceStatistics{{}, bid.price, bid.price, 0} : *so_far;
    ++statistics.bids.total;
    ++statistics.bids.of(BandOf(bid.price));
    statistics.min = std::min(statistics.min, bid.price);
    statistics.max = std::max(statistics.max, bid.price);
    statistics.sum += bid.price;
    EmitRow(bid.auction, day, statistics.bids, statistics.min, statistics.max, statistics.sum / statistics.bids.total,
            statistics.sum);
    return statistics_.Update(statistics);
  }

  ValueState<PriceStatistics> statistics_;
};

}  // namespace

WorkloadSpec NexmarkQ17();

WorkloadSpec NexmarkQ17() {
  return MakeNexmarkQuery("nexmark_q17", "Nexmark 17: bids and prices of each auction and day", {},
                          [](ParameterReader&) { return std::make_unique<Q17Operator>(); });
}

}  // namespace kvstate::workloads

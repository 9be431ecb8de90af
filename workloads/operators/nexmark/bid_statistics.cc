#include "workloads/operators/nexmark/bid_statistics.h"

#include <algorithm>

#include "kvstate/descriptors.h"

namespace kvstate::workloads {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMinuteMs = 60'000;

}  // namespace

int64_t DayOf(int64_t time_ms) { return TumblingWindowOf(time_ms, kDayMs).start / kDayMs; }

PriceBand BandOf(int64_t price) {
  if (price < 10'000) return PriceBand::kLow;
  return price < 1'000'000 ? PriceBand::kMiddle : PriceBand::kHigh;
}

Status BidStatisticsQuery::OpenStates() {
  KVSTATE_RETURN_IF_ERROR(OpenState(ValueStateDescriptor<BidStatistics>("statistics"), &statistics_));
  KVSTATE_RETURN_IF_ERROR(OpenState(MapStateDescriptor<int64_t, uint8_t>("distinct_bidders"), &bidders_));
  return OpenState(MapStateDescriptor<int64_t, uint8_t>("distinct_auctions"), &auctions_);
}

Status BidStatisticsQuery::OnBid(const Bid& bid) {
  KVSTATE_RETURN_IF_ERROR(CheckEventTime(bid.date_time_ms));
  const int64_t day = DayOf(bid.date_time_ms);
  KVSTATE_RETURN_IF_ERROR(SetGroupKey(bid, day));
  KVSTATE_ASSIGN_OR_RETURN(const BidStatistics* so_far, statistics_.Get());
  BidStatistics statistics = so_far == nullptr ? BidStatistics() : *so_far;
  const PriceBand band = BandOf(bid.price);
  ++statistics.bids.total;
  ++statistics.bids.of(band);
  KVSTATE_RETURN_IF_ERROR(CountDistinct(bid.bidder, band, &bidders_, &statistics.bidders));
  KVSTATE_RETURN_IF_ERROR(CountDistinct(bid.auction, band, &auctions_, &statistics.auctions));
  statistics.last_minute = std::max(statistics.last_minute, (bid.date_time_ms - day * kDayMs) / kMinuteMs);
  KVSTATE_RETURN_IF_ERROR(statistics_.Update(statistics));
  EmitStatistics(bid, day, statistics);
  return Status();
}

Status BidStatisticsQuery::CountDistinct(int64_t id, PriceBand band, MapState<int64_t, uint8_t>* seen,
                                         BandCounts* counts) {
  KVSTATE_ASSIGN_OR_RETURN(const uint8_t* bits, seen->Get(id));
  const unsigned before = bits == nullptr ? 0 : *bits;
  const unsigned bit = 1u << static_cast<unsigned>(band);
  if ((before & bit) != 0) return Status();
  if (before == 0) ++counts->total;
  ++counts->of(band);
  return seen->Put(id, static_cast<uint8_t>(before | bit));
}

}  // namespace kvstate::workloads

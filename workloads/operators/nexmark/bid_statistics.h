#ifndef KVSTATE_WORKLOADS_OPERATORS_NEXMARK_BID_STATISTICS_H_
#define KVSTATE_WORKLOADS_OPERATORS_NEXMARK_BID_STATISTICS_H_

#include <cstdint>
#include <string_view>
#include <tuple>

#include "kvstate/codec.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {

/// Days since 1970-01-01.
int64_t DayOf(int64_t time_ms);

/// Which of the three bands a price is in: below 10,000, below 1,000,000, above.
enum class PriceBand : uint8_t { kLow = 1, kMiddle = 2, kHigh = 3 };
PriceBand BandOf(int64_t price);

/// A count of all, and of those in each band.
struct BandCounts {
  int64_t total = 0;
  int64_t low = 0;
  int64_t middle = 0;
  int64_t high = 0;

  int64_t& of(PriceBand band) { return band == PriceBand::kLow ? low : band == PriceBand::kMiddle ? middle : high; }
};

/// The accumulators of a group.
struct BidStatistics {
  BandCounts bids;
  BandCounts bidders;       ///< Distinct ones.
  BandCounts auctions;      ///< Distinct ones.
  int64_t last_minute = 0;  ///< The latest minute of the day.
};

/// Bids, bidders and auctions of groups counted, of each price band besides, and emitted anew for each bid. As SQL's
/// aggregation has it: the accumulators are one value state; for each distinct count there is a map from the id to bits
/// that say in which bands it has been seen. Groups stay for good.
class BidStatisticsQuery : public ContinuousQuery {
 protected:
  virtual Status SetGroupKey(const Bid& bid, int64_t day) = 0;
  virtual void EmitStatistics(const Bid& bid, int64_t day, const BidStatistics& statistics) = 0;

 private:
  Status OpenStates() final;
  Status OnBid(const Bid& bid) final;
  static Status CountDistinct(int64_t id, PriceBand band, MapState<int64_t, uint8_t>* seen, BandCounts* counts);

  ValueState<BidStatistics> statistics_;
  MapState<int64_t, uint8_t> bidders_;
  MapState<int64_t, uint8_t> auctions_;
};

}  // namespace kvstate::workloads

namespace kvstate {
inline namespace v1 {

template <>
struct StructTraits<workloads::BandCounts> {
  using Counts = workloads::BandCounts;
  static constexpr std::string_view kName = "NexmarkBandCounts";
  static constexpr auto kMembers = std::make_tuple(Member("total", &Counts::total), Member("low", &Counts::low),
                                                   Member("middle", &Counts::middle), Member("high", &Counts::high));
};

template <>
struct StructTraits<workloads::BidStatistics> {
  using Statistics = workloads::BidStatistics;
  static constexpr std::string_view kName = "NexmarkBidStatistics";
  static constexpr auto kMembers =
      std::make_tuple(Member("bids", &Statistics::bids), Member("bidders", &Statistics::bidders),
                      Member("auctions", &Statistics::auctions), Member("lastMinute", &Statistics::last_minute));
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_WORKLOADS_OPERATORS_NEXMARK_BID_STATISTICS_H_

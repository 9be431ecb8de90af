#include <cstdint>
#include <memory>

#include "workloads/operators/nexmark/bid_statistics.h"

namespace kvstate::workloads {
namespace {

/// Bids, bidders and auctions of each channel and day.
class Q16Operator final : public BidStatisticsQuery {
 private:
  Status SetGroupKey(const Bid& bid, int64_t day) override { return SetKeyOf(bid.channel, day); }
  void EmitStatistics(const Bid& bid, int64_t day, const BidStatistics& statistics) override {
    EmitRow(bid.channel, day, statistics.last_minute, statistics.bids, statistics.bidders, statistics.auctions);
  }
};

}  // namespace

WorkloadSpec NexmarkQ16();

WorkloadSpec NexmarkQ16() {
  return MakeNexmarkQuery("nexmark_q16",
                          "Nexmark 16: bids, distinct bidders and distinct auctions of each channel and day", {},
                          [](ParameterReader&) { return std::make_unique<Q16Operator>(); });
}

}  // namespace kvstate::workloads

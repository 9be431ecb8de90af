#include <cstdint>
#include <memory>

#include "workloads/operators/nexmark/bid_statistics.h"

namespace kvstate::workloads {
namespace {

/// Bids, bidders and auctions of each day: one hot key with large maps.
class Q15Operator final : public BidStatisticsQuery {
 private:
  Status SetGroupKey(const Bid& /*bid*/, int64_t day) override { return SetKeyOf(day); }
  void EmitStatistics(const Bid& /*bid*/, int64_t day, const BidStatistics& statistics) override {
    EmitRow(day, statistics.bids, statistics.bidders, statistics.auctions);
  }
};

}  // namespace

WorkloadSpec NexmarkQ15();

WorkloadSpec NexmarkQ15() {
  return MakeNexmarkQuery("nexmark_q15", "Nexmark 15: bids, distinct bidders and distinct auctions of each day", {},
                          [](ParameterReader&) { return std::make_unique<Q15Operator>(); });
}

}  // namespace kvstate::workloads

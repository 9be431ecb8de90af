#include <memory>

#include "workloads/operators/nexmark/one_to_many_join.h"

namespace kvstate::workloads {
namespace {

/// Each bid expanded with its auction, of category 10 alone. Bids of other auctions wait for good: their auctions are
/// filtered out before the join.
class Q20Operator final : public OneToManyJoin<Auction, Bid> {
 public:
  Q20Operator() : OneToManyJoin("auction", "bids_waiting") {}

 private:
  Status OnAuction(const Auction& auction) override {
    return auction.category == 10 ? TakeOne(auction.id, auction) : Status();
  }
  Status OnBid(const Bid& bid) override { return TakeMany(bid.auction, bid); }
  void EmitPair(const Auction& auction, const Bid& bid) override { EmitRow(bid, auction); }
};

}  // namespace

WorkloadSpec NexmarkQ20();

WorkloadSpec NexmarkQ20() {
  return MakeNexmarkQuery("nexmark_q20", "Nexmark 20: each bid expanded with its auction, of one category", {},
                          [](ParameterReader&) { return std::make_unique<Q20Operator>(); });
}

}  // namespace kvstate::workloads

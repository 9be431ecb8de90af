#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/auction_close.h"

namespace kvstate::workloads {
namespace {

/// The winning bid of each auction: the highest, of equal ones the earliest, of these the one that came first. Kept as
/// a value state under the auction's key until the auction closes.
class Q9Operator final : public AuctionCloseQuery {
 public:
  using AuctionCloseQuery::AuctionCloseQuery;

 private:
  Status OpenBidStates() override { return OpenState(ValueStateDescriptor<Bid>("winning_bid"), &winning_bid_); }

  Status TakeBid(const Bid& bid) override {
    KVSTATE_ASSIGN_OR_RETURN(const Bid* best, winning_bid_.Get());
    const bool wins = best == nullptr || bid.price > best->price ||
                      (bid.price == best->price && bid.date_time_ms < best->date_time_ms);
    return wins ? winning_bid_.Update(bid) : Status();
  }

  Status Close(const Auction& auction) override {
    KVSTATE_ASSIGN_OR_RETURN(const Bid* best, winning_bid_.Get());
    if (best == nullptr) return Status();  // Nobody bid.
    EmitRow(auction, *best);
    return winning_bid_.Clear();
  }

  ValueState<Bid> winning_bid_;
};

}  // namespace

WorkloadSpec NexmarkQ9();

WorkloadSpec NexmarkQ9() {
  return MakeNexmarkQuery("nexmark_q9", "Nexmark 9: the winning bid of each auction, when it closes",
                          EventTimeQueryParameters({}),
                          [](ParameterReader& reader) { return std::make_unique<Q9Operator>(ReadEventTime(reader)); });
}

}  // namespace kvstate::workloads

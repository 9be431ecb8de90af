#ifndef KVSTATE_WORKLOADS_OPERATORS_NEXMARK_AUCTION_CLOSE_H_
#define KVSTATE_WORKLOADS_OPERATORS_NEXMARK_AUCTION_CLOSE_H_

#include <vector>

#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {

/// Joins bids with their auctions, by the auction's id, and closes each auction once: when the watermark reaches its
/// expiry, so that all of its bids are there. A bid counts if it was made from the auction's time to its expiry, both
/// included. Bids that come before their auction wait for it until the watermark reaches their own time, after which no
/// auction comes that was open then. What comes after that is dropped and counted as late.
class AuctionCloseQuery : public EventTimeQuery {
 public:
  using EventTimeQuery::EventTimeQuery;

 protected:
  /// Leave out the columns that the query does not need.
  virtual void Project(Auction* /*auction*/) const {}
  virtual void Project(Bid* /*bid*/) const {}
  virtual Status OpenBidStates() = 0;
  /// Under the auction's key.
  virtual Status TakeBid(const Bid& bid) = 0;
  /// Clears what TakeBid kept.
  virtual Status Close(const Auction& auction) = 0;

 private:
  Status OpenStates() final;
  Status OnAuction(const Auction& auction) final;
  Status OnBid(const Bid& bid) final;
  Status OnTimer(const Timer& timer) final;
  Status DropWaiting(int64_t until_ms);

  ValueState<Auction> auction_;
  ListState<Bid> waiting_;
  Auction projected_auction_;
  Bid projected_bid_;
  std::vector<Bid> bids_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_NEXMARK_AUCTION_CLOSE_H_

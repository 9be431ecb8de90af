#include "workloads/operators/nexmark/auction_close.h"

#include <algorithm>
#include <iterator>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"

namespace kvstate::workloads {
namespace {

bool IsInLifetime(const Bid& bid, const Auction& auction) {
  return bid.date_time_ms >= auction.date_time_ms && bid.date_time_ms <= auction.expires_ms;
}

}  // namespace

Status AuctionCloseQuery::OpenStates() {
  KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<VoidNamespace>()));
  KVSTATE_RETURN_IF_ERROR(OpenState(ValueStateDescriptor<Auction>("auction"), &auction_));
  KVSTATE_RETURN_IF_ERROR(OpenState(ListStateDescriptor<Bid>("bids_waiting"), &waiting_));
  return OpenBidStates();
}

Status AuctionCloseQuery::OnAuction(const Auction& auction) {
  if (IsLate(auction.expires_ms)) {
    CountLate();
    return Status();
  }
  projected_auction_ = auction;
  Project(&projected_auction_);
  KVSTATE_RETURN_IF_ERROR(SetKeyOf(auction.id));
  KVSTATE_RETURN_IF_ERROR(auction_.Update(projected_auction_));
  KVSTATE_RETURN_IF_ERROR(timers().RegisterEventTimeTimer(Encode(VoidNamespace()), auction.expires_ms));
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<Bid>* waiting, waiting_.Get());
  if (waiting == nullptr) return Status();
  bids_ = *waiting;
  KVSTATE_RETURN_IF_ERROR(waiting_.Clear());
  for (const Bid& bid : bids_) {
    if (IsInLifetime(bid, auction)) KVSTATE_RETURN_IF_ERROR(TakeBid(bid));
  }
  return Status();
}

Status AuctionCloseQuery::OnBid(const Bid& bid) {
  projected_bid_ = bid;
  Project(&projected_bid_);
  KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.auction));
  KVSTATE_ASSIGN_OR_RETURN(const Auction* auction, auction_.Get());
  if (auction != nullptr) return IsInLifetime(bid, *auction) ? TakeBid(projected_bid_) : Status();
  if (IsLate(bid.date_time_ms)) {
    CountLate();
    return Status();
  }
  KVSTATE_RETURN_IF_ERROR(waiting_.Add(projected_bid_));
  return timers().RegisterEventTimeTimer(Encode(VoidNamespace()), bid.date_time_ms);
}

Status AuctionCloseQuery::OnTimer(const Timer& timer) {
  KVSTATE_ASSIGN_OR_RETURN(const Auction* auction, auction_.Get());
  if (auction == nullptr) return DropWaiting(timer.timestamp);
  // Else it is a timer of a bid that does not wait any more.
  if (auction->expires_ms != timer.timestamp) return Status();
  projected_auction_ = *auction;
  KVSTATE_RETURN_IF_ERROR(auction_.Clear());
  return Close(projected_auction_);
}

Status AuctionCloseQuery::DropWaiting(int64_t until_ms) {
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<Bid>* waiting, waiting_.Get());
  if (waiting == nullptr) return Status();
  bids_.clear();
  std::copy_if(waiting->begin(), waiting->end(), std::back_inserter(bids_),
               [&](const Bid& bid) { return bid.date_time_ms > until_ms; });
  return bids_.empty() ? waiting_.Clear() : waiting_.Update(bids_);
}

}  // namespace kvstate::workloads

#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/auction_close.h"

namespace kvstate::workloads {
namespace {

/// The average final price of the auctions of each category. An auction's final price, the highest bid, is a reducing
/// state of its own key; when it closes, the sum and count of its category, a value state under the category's key,
/// take it up, and the new average is emitted. Categories stay for good.
class Q4Operator final : public AuctionCloseQuery {
 public:
  using AuctionCloseQuery::AuctionCloseQuery;

 private:
  using SumAndCount = std::pair<int64_t, int64_t>;

  void Project(Auction* auction) const override {
    auction->item_name.clear();
    auction->description.clear();
    auction->extra.clear();
  }
  void Project(Bid* bid) const override {
    bid->channel.clear();
    bid->url.clear();
    bid->extra.clear();
  }

  Status OpenBidStates() override {
    const ReducingStateDescriptor<int64_t> highest("final_price", NamedReduceFunction("max_int64"));
    KVSTATE_RETURN_IF_ERROR(OpenState(highest, &final_price_));
    return OpenState(ValueStateDescriptor<SumAndCount>("category_prices"), &category_prices_);
  }

  Status TakeBid(const Bid& bid) override { return final_price_.Add(bid.price); }

  Status Close(const Auction& auction) override {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* highest, final_price_.Get());
    if (highest == nullptr) return Status();  // Nobody bid.
    const int64_t price = *highest;
    KVSTATE_RETURN_IF_ERROR(final_price_.Clear());
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(auction.category));
    KVSTATE_ASSIGN_OR_RETURN(const SumAndCount* so_far, category_prices_.Get());
    SumAndCount prices = so_far == nullptr ? SumAndCount() : *so_far;
    prices.first += price;
    ++prices.second;
    EmitRow(auction.category, prices.first / prices.second);
    return category_prices_.Update(prices);
  }

  ReducingState<int64_t> final_price_;
  ValueState<SumAndCount> category_prices_;
};

}  // namespace

WorkloadSpec NexmarkQ4();

WorkloadSpec NexmarkQ4() {
  return MakeNexmarkQuery("nexmark_q4", "Nexmark 4: average final price of each category's auctions, as they close",
                          EventTimeQueryParameters({}),
                          [](ParameterReader& reader) { return std::make_unique<Q4Operator>(ReadEventTime(reader)); });
}

}  // namespace kvstate::workloads

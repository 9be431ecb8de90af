#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {
namespace {

/// The highest bids of each auction, ranked; of equal prices the one that came first is ahead. A map from the price to
/// its bids, in the order in which they came; what falls off the end is removed. Emits each rank that changed with its
/// new bid. Auctions stay for good.
class Q19Operator final : public ContinuousQuery {
 public:
  explicit Q19Operator(size_t top) : top_(top) {}

 private:
  Status OpenStates() override { return OpenState(MapStateDescriptor<int64_t, std::vector<Bid>>("top"), &bids_); }

  Status OnBid(const Bid& bid) override {
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.auction));
    KVSTATE_RETURN_IF_ERROR(Load());
    size_t ahead = 0;
    size_t all = 0;
    for (const auto& [price, bids] : by_price_) {
      all += bids.size();
      if (price >= bid.price) ahead += bids.size();
    }
    if (ahead >= top_) return Status();
    KVSTATE_RETURN_IF_ERROR(Insert(bid));
    if (all == top_) KVSTATE_RETURN_IF_ERROR(RemoveLast());
    EmitFrom(ahead);
    return Status();
  }

  /// Prices are positive, so that they come in ascending order.
  Status Load() {
    by_price_.clear();
    KVSTATE_ASSIGN_OR_RETURN(auto entries, bids_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) return Status();
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* price, entries.Key());
      const int64_t key = *price;
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<Bid>* bids, entries.Value());
      if (bids == nullptr) return InternalError("state \"top\" has a null value, which was never put");
      by_price_.emplace_back(key, *bids);
    }
  }

  Status Insert(const Bid& bid) {
    auto at = by_price_.begin();
    while (at != by_price_.end() && at->first < bid.price) ++at;
    if (at == by_price_.end() || at->first != bid.price) at = by_price_.insert(at, {bid.price, {}});
    at->second.push_back(bid);
    return bids_.Put(at->first, at->second);
  }

  Status RemoveLast() {
    auto& [price, bids] = by_price_.front();
    bids.pop_back();
    if (!bids.empty()) return bids_.Put(price, bids);
    KVSTATE_RETURN_IF_ERROR(bids_.Remove(price));
    by_price_.erase(by_price_.begin());
    return Status();
  }

  void EmitFrom(size_t ahead) {
    size_t rank = 0;
    for (auto of_price = by_price_.rbegin(); of_price != by_price_.rend(); ++of_price) {
      for (const Bid& bid : of_price->second) {
        if (rank++ >= ahead) EmitRow(static_cast<int64_t>(rank), bid);
      }
    }
  }

  const size_t top_;
  MapState<int64_t, std::vector<Bid>> bids_;
  std::vector<std::pair<int64_t, std::vector<Bid>>> by_price_;
};

}  // namespace

WorkloadSpec NexmarkQ19();

WorkloadSpec NexmarkQ19() {
  return MakeNexmarkQuery("nexmark_q19", "Nexmark 19: the ten highest bids of each auction, ranked",
                          {{"top", "10", "Bids to keep of each auction, 1 to 10^6"}}, [](ParameterReader& reader) {
                            return std::make_unique<Q19Operator>(reader.Count("top", 1, 1'000'000));
                          });
}

}  // namespace kvstate::workloads

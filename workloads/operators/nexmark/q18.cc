#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {
namespace {

/// The last bid of each bidder on each auction: deduplication that keeps the last row by event time, of equal times the
/// one that came last. A value state, which stays for good; emitted whenever it changes.
class Q18Operator final : public ContinuousQuery {
 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<Bid>("last_bid"), &last_bid_); }

  Status OnBid(const Bid& bid) override {
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.bidder, bid.auction));
    KVSTATE_ASSIGN_OR_RETURN(const Bid* last, last_bid_.Get());
    if (last != nullptr && last->date_time_ms > bid.date_time_ms) return Status();
    EmitRow(bid);
    return last_bid_.Update(bid);
  }

  ValueState<Bid> last_bid_;
};

}  // namespace

WorkloadSpec NexmarkQ18();

WorkloadSpec NexmarkQ18() {
  return MakeNexmarkQuery("nexmark_q18", "Nexmark 18: the last bid of each bidder on each auction", {},
                          [](ParameterReader&) { return std::make_unique<Q18Operator>(); });
}

}  // namespace kvstate::workloads

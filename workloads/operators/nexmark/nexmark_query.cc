#include "workloads/operators/nexmark/nexmark_query.h"

#include <utility>

#include "workloads/sources/nexmark_source.h"

namespace kvstate::workloads {
namespace {

template <class T>
Status DecodeInto(ByteView bytes, T* value) {
  ByteReader in(bytes);
  KVSTATE_RETURN_IF_ERROR(Codec<T>::Read(in, *value));
  return in.AtEnd() ? Status() : in.Malformed("end of the event");
}

}  // namespace

Status NexmarkInput::Take(const Event& event) {
  switch (event.stream) {
    case kPersonStream:
      KVSTATE_RETURN_IF_ERROR(DecodeInto(event.value, &person_));
      return OnPerson(person_);
    case kAuctionStream:
      KVSTATE_RETURN_IF_ERROR(DecodeInto(event.value, &auction_));
      return OnAuction(auction_);
    case kBidStream:
      KVSTATE_RETURN_IF_ERROR(DecodeInto(event.value, &bid_));
      return OnBid(bid_);
    default:
      return InvalidArgumentError("an event of stream " + std::to_string(event.stream) +
                                  "; Nexmark has 0 (persons), 1 (auctions) and 2 (bids)");
  }
}

TimeWindow TumblingWindowOf(int64_t time_ms, int64_t length_ms) {
  const int64_t rest = time_ms % length_ms;
  const int64_t start = time_ms - (rest < 0 ? rest + length_ms : rest);
  return {start, start + length_ms};
}

std::vector<ParameterSpec> EventTimeQueryParameters(std::vector<ParameterSpec> own) {
  return EventTimeParameters(std::move(own), {{"out_of_order_ms", "4000"}});
}

WorkloadSpec MakeNexmarkQuery(std::string name, std::string description, std::vector<ParameterSpec> operator_parameters,
                              std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator) {
  WorkloadSpec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.takes_any_events = false;
  spec.source_parameters = NexmarkSourceParameters();
  spec.make_source = [workload = spec.name, specs = spec.source_parameters](const Parameters& parameters,
                                                                            uint64_t seed) {
    return MakeNexmarkSource(workload, specs, parameters, seed);
  };
  SetOperator(&spec, std::move(operator_parameters), std::move(make_operator));
  return spec;
}

}  // namespace kvstate::workloads

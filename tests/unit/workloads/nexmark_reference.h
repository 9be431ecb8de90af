#ifndef KVSTATE_TESTS_UNIT_WORKLOADS_NEXMARK_REFERENCE_H_
#define KVSTATE_TESTS_UNIT_WORKLOADS_NEXMARK_REFERENCE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/unit/workloads/operator_testing.h"
#include "workloads/sources/nexmark_events.h"

namespace kvstate::workloads {

/// An event of Nexmark, decoded: the member of its stream says what it is.
struct NexmarkEvent {
  int64_t time_ms = 0;
  uint32_t stream = 0;
  Person person;
  Auction auction;
  Bid bid;
};

template <class T>
T DecodedOrFail(const std::string& bytes) {
  Result<T> decoded = Decode<T>(bytes);
  EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
  return decoded.ok() ? std::move(decoded).value() : T();
}

inline std::vector<NexmarkEvent> Decoded(const std::vector<OwnedEvent>& events) {
  std::vector<NexmarkEvent> decoded;
  for (const OwnedEvent& event : events) {
    NexmarkEvent& to = decoded.emplace_back();
    to.time_ms = event.time_ms;
    to.stream = event.stream;
    if (event.stream == kPersonStream) to.person = DecodedOrFail<Person>(event.value);
    if (event.stream == kAuctionStream) to.auction = DecodedOrFail<Auction>(event.value);
    if (event.stream == kBidStream) to.bid = DecodedOrFail<Bid>(event.value);
  }
  return decoded;
}

inline OwnedEvent EventOf(const Bid& bid) { return {bid.date_time_ms, "", Encode(bid), kBidStream}; }
inline OwnedEvent EventOf(const Auction& auction) {
  return {auction.date_time_ms, "", Encode(auction), kAuctionStream};
}
inline OwnedEvent EventOf(const Person& person) { return {person.date_time_ms, "", Encode(person), kPersonStream}; }

/// A row as queries put it together.
template <class... Ts>
std::string Row(const Ts&... values) {
  std::string row;
  (row.append(Encode(values)), ...);
  return row;
}

/// What a watermark that each event may move has reached.
class NexmarkWatermark {
 public:
  explicit NexmarkWatermark(int64_t bound_ms) : bound_ms_(bound_ms) {}
  bool HasReached(int64_t time_ms) const { return any_ && latest_ms_ - bound_ms_ - 1 >= time_ms; }
  void Observe(int64_t time_ms) {
    if (!any_ || time_ms > latest_ms_) latest_ms_ = time_ms;
    any_ = true;
  }

 private:
  const int64_t bound_ms_;
  int64_t latest_ms_ = 0;
  bool any_ = false;
};

inline int64_t WindowEnd(int64_t time_ms, int64_t length_ms) { return (time_ms / length_ms + 1) * length_ms; }

/// Three seconds of events, permuted in groups and with times out of order; ids close enough to meet.
inline Parameters SmallNexmark(uint64_t events = 3000) {
  return {{"events", std::to_string(events)}, {"events_per_second", "1000"}, {"out_of_order_group", "40"},
          {"out_of_order_ms", "60"},          {"active_people", "20"},       {"in_flight_auctions", "20"},
          {"hot_seller_ratio", "2"},          {"auction_bytes", "200"}};
}

}  // namespace kvstate::workloads

#endif  // KVSTATE_TESTS_UNIT_WORKLOADS_NEXMARK_REFERENCE_H_

#ifndef KVSTATE_WORKLOADS_SOURCES_NEXMARK_EVENTS_H_
#define KVSTATE_WORKLOADS_SOURCES_NEXMARK_EVENTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "kvstate/codec.h"

namespace kvstate::workloads {

/// Event.stream of Nexmark's three kinds of event. Event.value is the codec's encoding of the struct, and Event.key is
/// empty: each query has keys of its own.
enum NexmarkStream : uint32_t { kPersonStream = 0, kAuctionStream = 1, kBidStream = 2 };

/// Ids, prices in cents and times in milliseconds; the columns and their meaning are the benchmark's.
struct Person {
  int64_t id = 0;
  int64_t date_time_ms = 0;
  std::string name;
  std::string email_address;
  std::string credit_card;
  std::string city;
  std::string state;
  std::string extra;
};

struct Auction {
  int64_t id = 0;
  int64_t seller = 0;  ///< A person's id.
  int64_t category = 0;
  int64_t initial_bid = 0;
  int64_t reserve = 0;
  int64_t date_time_ms = 0;
  int64_t expires_ms = 0;
  std::string item_name;
  std::string description;
  std::string extra;
};

struct Bid {
  int64_t auction = 0;  ///< An auction's id.
  int64_t bidder = 0;   ///< A person's id.
  int64_t price = 0;
  int64_t date_time_ms = 0;
  std::string channel;
  std::string url;
  std::string extra;
};

}  // namespace kvstate::workloads

namespace kvstate {
inline namespace v1 {

template <>
struct StructTraits<workloads::Person> {
  using Person = workloads::Person;
  static constexpr std::string_view kName = "NexmarkPerson";
  static constexpr auto kMembers = std::make_tuple(
      Member("id", &Person::id), Member("dateTime", &Person::date_time_ms), Member("name", &Person::name),
      Member("emailAddress", &Person::email_address), Member("creditCard", &Person::credit_card),
      Member("city", &Person::city), Member("state", &Person::state), Member("extra", &Person::extra));
};

template <>
struct StructTraits<workloads::Auction> {
  using Auction = workloads::Auction;
  static constexpr std::string_view kName = "NexmarkAuction";
  static constexpr auto kMembers =
      std::make_tuple(Member("id", &Auction::id), Member("seller", &Auction::seller),
                      Member("category", &Auction::category), Member("initialBid", &Auction::initial_bid),
                      Member("reserve", &Auction::reserve), Member("dateTime", &Auction::date_time_ms),
                      Member("expires", &Auction::expires_ms), Member("itemName", &Auction::item_name),
                      Member("description", &Auction::description), Member("extra", &Auction::extra));
};

template <>
struct StructTraits<workloads::Bid> {
  using Bid = workloads::Bid;
  static constexpr std::string_view kName = "NexmarkBid";
  static constexpr auto kMembers =
      std::make_tuple(Member("auction", &Bid::auction), Member("bidder", &Bid::bidder), Member("price", &Bid::price),
                      Member("dateTime", &Bid::date_time_ms), Member("channel", &Bid::channel),
                      Member("url", &Bid::url), Member("extra", &Bid::extra));
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_WORKLOADS_SOURCES_NEXMARK_EVENTS_H_

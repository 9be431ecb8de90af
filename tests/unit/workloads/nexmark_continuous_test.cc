// Nexmark's queries without time, each against looking through all events so far.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/nexmark_reference.h"

namespace kvstate::workloads {
namespace {

TEST(NexmarkQ3Test, JoinsAuctionsWithSellersWhicheverComesFirst) {
  const auto events = ReadEvents("nexmark_q3", SmallNexmark(6000), 1);
  const auto decoded = Decoded(events);
  const auto is_local = [](const NexmarkEvent& event) {
    return event.stream == kPersonStream &&
           (event.person.state == "OR" || event.person.state == "ID" || event.person.state == "CA");
  };
  const auto is_offer = [](const NexmarkEvent& event) {
    return event.stream == kAuctionStream && event.auction.category == 10;
  };
  std::vector<std::string> rows;
  std::set<int64_t> people;
  std::set<int64_t> sellers;
  int auctions_first = 0;
  for (size_t i = 0; i < decoded.size(); ++i) {
    if (is_local(decoded[i])) people.insert(decoded[i].person.id);
    if (is_offer(decoded[i])) sellers.insert(decoded[i].auction.seller);
    for (size_t j = 0; j < i; ++j) {
      const bool person_last = is_local(decoded[i]) && is_offer(decoded[j]);
      if (!person_last && !(is_local(decoded[j]) && is_offer(decoded[i]))) continue;
      const Person& person = decoded[person_last ? i : j].person;
      const Auction& auction = decoded[person_last ? j : i].auction;
      if (auction.seller != person.id) continue;
      auctions_first += person_last ? 1 : 0;
      rows.push_back(Row(person.name, person.city, person.state, auction.id));
    }
  }
  ASSERT_GT(auctions_first, 5);
  ASSERT_GT(rows.size(), 20u);
  uint64_t left = people.size();
  for (const int64_t seller : sellers) left += people.contains(seller) ? 0 : 1;
  ExpectOutput("nexmark_q3", {}, events, rows, left);
}

TEST(NexmarkQ20Test, ExpandsBidsWithTheirAuctionsWhicheverComesFirst) {
  const auto events = ReadEvents("nexmark_q20", SmallNexmark(), 1);
  const auto decoded = Decoded(events);
  std::vector<std::string> rows;
  std::set<int64_t> auctions;
  std::set<int64_t> bid_on;
  int bids_first = 0;
  for (size_t i = 0; i < decoded.size(); ++i) {
    const NexmarkEvent& now = decoded[i];
    if (now.stream == kAuctionStream && now.auction.category == 10) auctions.insert(now.auction.id);
    if (now.stream == kBidStream) bid_on.insert(now.bid.auction);
    for (size_t j = 0; j < i; ++j) {
      const NexmarkEvent& before = decoded[j];
      const bool auction_last = now.stream == kAuctionStream && before.stream == kBidStream;
      if (!auction_last && !(now.stream == kBidStream && before.stream == kAuctionStream)) continue;
      const Auction& auction = auction_last ? now.auction : before.auction;
      const Bid& bid = auction_last ? before.bid : now.bid;
      if (auction.category != 10 || auction.id != bid.auction) continue;
      bids_first += auction_last ? 1 : 0;
      rows.push_back(Row(bid, auction));
    }
  }
  ASSERT_GT(bids_first, 10);
  ASSERT_GT(rows.size(), 100u);
  uint64_t left = auctions.size();
  for (const int64_t auction : bid_on) left += auctions.contains(auction) ? 0 : 1;
  ExpectOutput("nexmark_q20", {}, events, rows, left);
}

/// An event a second, across the end of a day.
Parameters OverDays() {
  Parameters parameters = SmallNexmark();
  parameters["events_per_second"] = "1";
  parameters["start_ms"] = "1437003300000";
  parameters["out_of_order_ms"] = "600000";
  return parameters;
}

constexpr int64_t kDayMs = 86'400'000;

size_t BandIndex(int64_t price) { return price < 10'000 ? 1 : price < 1'000'000 ? 2 : 3; }

/// Of one group: all bids, and who bid on what; of all prices, and of each band.
struct Group {
  std::array<int64_t, 4> bids{};
  std::array<std::set<int64_t>, 4> bidders;
  std::array<std::set<int64_t>, 4> auctions;
  int64_t minute = 0;

  void Take(const Bid& bid) {
    for (const size_t band : {size_t{0}, BandIndex(bid.price)}) {
      ++bids[band];
      bidders[band].insert(bid.bidder);
      auctions[band].insert(bid.auction);
    }
    minute = std::max(minute, bid.date_time_ms % kDayMs / 60'000);
  }
  std::string Columns() const {
    std::string columns;
    for (const int64_t count : bids) columns += Row(count);
    for (const auto& ids : bidders) columns += Row(static_cast<int64_t>(ids.size()));
    for (const auto& ids : auctions) columns += Row(static_cast<int64_t>(ids.size()));
    return columns;
  }
  uint64_t Entries() const { return 1 + bidders[0].size() + auctions[0].size(); }
};

TEST(NexmarkQ15Test, CountsBidsAndDistinctBiddersAndAuctionsOfEachDay) {
  const auto events = ReadEvents("nexmark_q15", OverDays(), 1);
  std::map<int64_t, Group> days;
  std::vector<std::string> rows;
  for (const NexmarkEvent& event : Decoded(events)) {
    if (event.stream != kBidStream) continue;
    const int64_t day = event.time_ms / kDayMs;
    days[day].Take(event.bid);
    rows.push_back(Row(day) + days[day].Columns());
  }
  ASSERT_GE(days.size(), 2u);
  uint64_t left = 0;
  for (const auto& [day, group] : days) left += group.Entries();
  ExpectOutput("nexmark_q15", {}, events, rows, left);
}

TEST(NexmarkQ16Test, CountsTheSameOfEachChannelAndDay) {
  const auto events = ReadEvents("nexmark_q16", OverDays(), 1);
  std::map<std::pair<std::string, int64_t>, Group> groups;
  std::vector<std::string> rows;
  for (const NexmarkEvent& event : Decoded(events)) {
    if (event.stream != kBidStream) continue;
    const int64_t day = event.time_ms / kDayMs;
    Group& group = groups[{event.bid.channel, day}];
    group.Take(event.bid);
    rows.push_back(Row(event.bid.channel, day, group.minute) + group.Columns());
  }
  ASSERT_GT(groups.size(), 100u);
  uint64_t left = 0;
  for (const auto& [key, group] : groups) left += group.Entries();
  ExpectOutput("nexmark_q16", {}, events, rows, left);
}

TEST(NexmarkQ17Test, DescribesThePricesOfEachAuctionAndDay) {
  const auto events = ReadEvents("nexmark_q17", OverDays(), 1);
  std::map<std::pair<int64_t, int64_t>, std::vector<int64_t>> prices;
  std::vector<std::string> rows;
  for (const NexmarkEvent& event : Decoded(events)) {
    if (event.stream != kBidStream) continue;
    const int64_t day = event.time_ms / kDayMs;
    auto& of_group = prices[{event.bid.auction, day}];
    of_group.push_back(event.bid.price);
    std::array<int64_t, 4> counts{};
    int64_t sum = 0;
    for (const int64_t price : of_group) {
      ++counts[0];
      ++counts[BandIndex(price)];
      sum += price;
    }
    rows.push_back(Row(event.bid.auction, day, counts[0], counts[1], counts[2], counts[3],
                       *std::min_element(of_group.begin(), of_group.end()),
                       *std::max_element(of_group.begin(), of_group.end()), sum / counts[0], sum));
  }
  ASSERT_GT(prices.size(), 50u);
  ExpectOutput("nexmark_q17", {}, events, rows, prices.size());
}

TEST(NexmarkQ18Test, KeepsTheLastBidOfEachBidderAndAuction) {
  const auto events = ReadEvents("nexmark_q18", SmallNexmark(), 1);
  std::map<std::pair<int64_t, int64_t>, int64_t> latest;
  std::vector<std::string> rows;
  int overtaken = 0;
  for (const NexmarkEvent& event : Decoded(events)) {
    if (event.stream != kBidStream) continue;
    const auto [last, is_new] = latest.emplace(std::pair(event.bid.bidder, event.bid.auction), event.time_ms);
    if (event.time_ms < last->second) {
      ++overtaken;
      continue;
    }
    last->second = event.time_ms;
    rows.push_back(Row(event.bid));
  }
  ASSERT_GT(overtaken, 100);
  ExpectOutput("nexmark_q18", {}, events, rows, latest.size());
}

TEST(NexmarkQ19Test, RanksTheHighestBidsOfEachAuction) {
  const auto events = ReadEvents("nexmark_q19", SmallNexmark(), 1);
  std::map<int64_t, std::vector<Bid>> bids;
  std::vector<std::string> rows;
  const auto top = [](std::vector<Bid> all) {
    std::stable_sort(all.begin(), all.end(), [](const Bid& a, const Bid& b) { return a.price > b.price; });
    if (all.size() > 4) all.resize(4);
    std::vector<std::string> ranked;
    for (const Bid& bid : all) ranked.push_back(Encode(bid));
    return ranked;
  };
  for (const NexmarkEvent& event : Decoded(events)) {
    if (event.stream != kBidStream) continue;
    auto& of_auction = bids[event.bid.auction];
    const auto before = top(of_auction);
    of_auction.push_back(event.bid);
    const auto after = top(of_auction);
    for (size_t rank = 0; rank < after.size(); ++rank) {
      if (rank < before.size() && before[rank] == after[rank]) continue;
      rows.push_back(Row(static_cast<int64_t>(rank + 1)) + after[rank]);
    }
  }
  ASSERT_GT(rows.size(), 500u);
  ExpectOutput("nexmark_q19", {{"top", "4"}}, events, rows, std::nullopt);
}

TEST(NexmarkQ19Test, EqualPricesRankInTheOrderTheyCame) {
  const auto bid = [](int64_t bidder, int64_t price) {
    Bid made;
    made.auction = 1000;
    made.bidder = bidder;
    made.price = price;
    return made;
  };
  const std::vector<Bid> bids = {bid(1, 500), bid(2, 500), bid(3, 600), bid(4, 500), bid(5, 500), bid(6, 600)};
  std::vector<OwnedEvent> events;
  for (const Bid& made : bids) events.push_back(EventOf(made));
  const auto row = [&](int64_t rank, size_t made) { return Row(rank, bids[made]); };
  // Of three: the fourth and fifth do not rank, the sixth moves the first down and the second off.
  const std::vector<std::string> rows = {row(1, 0), row(2, 1), row(1, 2), row(2, 0), row(3, 1), row(2, 5), row(3, 0)};
  ExpectOutput("nexmark_q19", {{"top", "3"}}, events, rows, 2);
}

TEST(NexmarkQueryTest, RefusesEventsThatAreNotItsOwn) {
  const auto workload = FindWorkload("nexmark_q18");
  ASSERT_TRUE(workload.ok());
  const auto made = (*workload)->make_operator({});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->Process({0, "", "", 3}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ((*made)->Process({0, "", "short", kBidStream}).code(), StatusCode::kDataLoss);
  const std::string longer = Encode(Bid()) + "x";
  EXPECT_EQ((*made)->Process({0, "", longer, kBidStream}).code(), StatusCode::kDataLoss);
  EXPECT_TRUE((*made)->Process({0, "", Encode(Person()), kPersonStream}).ok());
}

}  // namespace
}  // namespace kvstate::workloads

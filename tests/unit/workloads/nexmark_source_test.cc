#include "workloads/sources/nexmark_source.h"

#define XXH_INLINE_ALL
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/workloads/nexmark_reference.h"

namespace kvstate::workloads {
namespace {

constexpr char kWorkload[] = "nexmark_q3";

std::vector<NexmarkEvent> Events(const Parameters& parameters, uint64_t seed = 1) {
  return Decoded(ReadEvents(kWorkload, parameters, seed));
}

/// Of the whole stream: time, stream and value of each event, each self-delimiting.
uint64_t DigestOf(const Parameters& parameters, uint64_t seed) {
  uint64_t digest = 0;
  for (const OwnedEvent& event : ReadEvents(kWorkload, parameters, seed)) {
    EXPECT_TRUE(event.key.empty());
    const std::string bytes = Row(event.time_ms, event.stream, event.value);
    digest = XXH3_64bits_withSeed(bytes.data(), bytes.size(), digest);
  }
  return digest;
}

/// Never to be changed: results that were measured refer to these streams.
TEST(NexmarkSourceTest, GivesTheSameStreamByteForByteOnEveryMachine) {
  EXPECT_EQ(DigestOf({{"events", "10000"}}, 1), 0xb81e88a0ede18d33u);
  EXPECT_EQ(DigestOf({{"events", "10000"}}, 2), 0x700570b1c34250f6u);
  EXPECT_EQ(DigestOf(SmallNexmark(), 1), 0xa8d8806e4bd0d141u);
}

TEST(NexmarkSourceTest, HasOnePersonThreeAuctionsAnd46BidsInEach50Events) {
  const auto events = Events({{"events", "5000"}});
  for (size_t i = 0; i < events.size(); ++i) {
    const uint32_t stream = i % 50 == 0 ? kPersonStream : i % 50 <= 3 ? kAuctionStream : kBidStream;
    ASSERT_EQ(events[i].stream, stream) << i;
    EXPECT_EQ(events[i].time_ms, 1436918400000 + static_cast<int64_t>(i) / 10) << i;
  }
}

TEST(NexmarkSourceTest, IdsAreConsecutiveFromTheFirst) {
  int64_t person = 1000;
  int64_t auction = 7000;
  for (const NexmarkEvent& event : Events({{"events", "5000"}, {"first_auction_id", "7000"}})) {
    if (event.stream == kPersonStream) {
      EXPECT_EQ(event.person.id, person++);
    }
    if (event.stream == kAuctionStream) {
      EXPECT_EQ(event.auction.id, auction++);
    }
  }
  EXPECT_EQ(person, 1100);
  EXPECT_EQ(auction, 7300);
}

TEST(NexmarkSourceTest, HotOnesHaveTheirShare) {
  int64_t bids = 0;
  int64_t to_hot_auction = 0;
  int64_t by_hot_bidder = 0;
  int64_t auctions = 0;
  int64_t by_hot_seller = 0;
  std::set<std::string> hot_channels = {"Google", "Facebook", "Baidu", "Apple"};
  int64_t in_hot_channel = 0;
  int64_t people = 0;
  int64_t auctions_so_far = 0;
  for (const NexmarkEvent& event : Events({{"events", "200000"}})) {
    if (event.stream == kPersonStream) ++people;
    if (event.stream == kAuctionStream) {
      ++auctions;
      ++auctions_so_far;
      by_hot_seller += event.auction.seller == 1000 + (people - 1) / 100 * 100 ? 1 : 0;
      EXPECT_GE(event.auction.category, 10);
      EXPECT_LE(event.auction.category, 14);
    }
    if (event.stream != kBidStream) continue;
    ++bids;
    to_hot_auction += event.bid.auction == 1000 + (auctions_so_far - 1) / 100 * 100 ? 1 : 0;
    by_hot_bidder += event.bid.bidder == 1000 + (people - 1) / 100 * 100 + 1 ? 1 : 0;
    in_hot_channel += hot_channels.contains(event.bid.channel) ? 1 : 0;
    EXPECT_GE(event.bid.price, 100);
    EXPECT_LE(event.bid.price, 100'000'000);
    EXPECT_GE(event.bid.auction, 1000 + auctions_so_far - 101 - 100);
    EXPECT_LT(event.bid.auction, 1000 + auctions_so_far + 10);
  }
  // The hot one is drawn by chance too, now and then.
  EXPECT_NEAR(static_cast<double>(to_hot_auction) / static_cast<double>(bids), 0.5 + 0.5 / 110, 0.01);
  EXPECT_NEAR(static_cast<double>(by_hot_bidder) / static_cast<double>(bids), 0.75, 0.01);
  EXPECT_NEAR(static_cast<double>(by_hot_seller) / static_cast<double>(auctions), 0.75, 0.02);
  EXPECT_NEAR(static_cast<double>(in_hot_channel) / static_cast<double>(bids), 0.5, 0.01);
}

TEST(NexmarkSourceTest, EventsHaveTheirAverageSizes) {
  std::map<uint32_t, std::pair<double, double>> sizes;
  for (const NexmarkEvent& event : Events({{"events", "100000"}})) {
    const Person& p = event.person;
    const Auction& a = event.auction;
    auto& [sum, count] = sizes[event.stream];
    if (event.stream == kPersonStream) {
      sum += static_cast<double>(8 + p.name.size() + p.email_address.size() + p.credit_card.size() + p.city.size() +
                                 p.state.size() + p.extra.size());
    } else if (event.stream == kAuctionStream) {
      sum += static_cast<double>(48 + a.item_name.size() + a.description.size() + a.extra.size());
    } else {
      sum += static_cast<double>(32 + event.bid.extra.size());
    }
    ++count;
  }
  EXPECT_NEAR(sizes[kPersonStream].first / sizes[kPersonStream].second, 200, 2);
  EXPECT_NEAR(sizes[kAuctionStream].first / sizes[kAuctionStream].second, 500, 3);
  EXPECT_NEAR(sizes[kBidStream].first / sizes[kBidStream].second, 100, 1);
}

TEST(NexmarkSourceTest, AuctionsAreOpenUntilAsManyMoreHaveBegunOnAverage) {
  double length_ms = 0;
  double auctions = 0;
  for (const NexmarkEvent& event : Events({{"events", "200000"}})) {
    if (event.stream != kAuctionStream) continue;
    EXPECT_GT(event.auction.expires_ms, event.auction.date_time_ms);
    length_ms += static_cast<double>(event.auction.expires_ms - event.auction.date_time_ms);
    ++auctions;
  }
  // 100 auctions take 1666 events, 166 ms.
  EXPECT_NEAR(length_ms / auctions, 167, 3);
}

TEST(NexmarkSourceTest, AGroupHasEachOfItsEventsOnceInAnotherOrder) {
  const auto in_order = ReadEvents(kWorkload, {{"events", "3000"}}, 1);
  const auto permuted = ReadEvents(kWorkload, {{"events", "3000"}, {"out_of_order_group", "100"}}, 1);
  size_t moved = 0;
  for (size_t group = 0; group < 3000; group += 100) {
    std::set<std::string> expected;
    std::set<std::string> found;
    for (size_t i = group; i < group + 100; ++i) {
      expected.insert(in_order[i].value);
      found.insert(permuted[i].value);
      moved += in_order[i].value == permuted[i].value ? 0 : 1;
    }
    EXPECT_EQ(found, expected) << group;
  }
  EXPECT_GT(moved, 2800u);
}

TEST(NexmarkSourceTest, DisorderChangesTimesAlone) {
  const auto in_order = Events({{"events", "3000"}});
  const auto disordered = Events({{"events", "3000"}, {"out_of_order_ms", "500"}});
  int64_t latest_by = 0;
  for (size_t i = 0; i < in_order.size(); ++i) {
    const int64_t by_ms = in_order[i].time_ms - disordered[i].time_ms;
    EXPECT_GE(by_ms, 0);
    EXPECT_LE(by_ms, 500);
    latest_by = std::max(latest_by, by_ms);
    EXPECT_EQ(in_order[i].bid.extra, disordered[i].bid.extra);
    EXPECT_EQ(in_order[i].bid.price, disordered[i].bid.price);
  }
  EXPECT_GT(latest_by, 480);
}

TEST(NexmarkSourceTest, AChannelsPageIsAlwaysTheSame) {
  std::map<std::string, std::string> pages;
  for (const NexmarkEvent& event : Events({{"events", "50000"}})) {
    if (event.stream != kBidStream) continue;
    const auto [page, is_new] = pages.emplace(event.bid.channel, event.bid.url);
    if (!is_new) {
      EXPECT_EQ(page->second, event.bid.url);
    }
  }
  EXPECT_GT(pages.size(), 5000u);
  EXPECT_LE(pages.size(), 10004u);
}

TEST(NexmarkSourceTest, RefusesAGroupThatIsNoPermutation) {
  const auto workload = FindWorkload(kWorkload);
  ASSERT_TRUE(workload.ok());
  const Status status = (*workload)->make_source({{"out_of_order_group", "1906"}}, 1).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("953"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace kvstate::workloads

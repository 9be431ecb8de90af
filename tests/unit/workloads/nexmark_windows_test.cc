// Nexmark's queries over windows and auctions' lifetimes, each against looking through all events.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/nexmark_reference.h"

namespace kvstate::workloads {
namespace {

Parameters EventTime(int64_t bound_ms, Parameters own = {}) {
  own["out_of_order_ms"] = std::to_string(bound_ms);
  own["watermark_interval_ms"] = "0";
  return own;
}

void AddLate(int64_t late, std::vector<std::string>* rows) {
  if (late > 0) rows->push_back(Row(late));
}

/// An auction, and the bids on it that count.
struct ClosedAuction {
  Auction auction;
  std::vector<Bid> bids;
};

/// In the order in which they close: by expiry, then by id.
std::vector<ClosedAuction> Closed(const std::vector<NexmarkEvent>& events, int64_t bound_ms, int64_t* late) {
  std::map<std::pair<int64_t, int64_t>, ClosedAuction> closed;
  NexmarkWatermark watermark(bound_ms);
  std::map<int64_t, ClosedAuction*> came;
  std::vector<Bid> waited;
  for (const NexmarkEvent& event : events) {
    const auto counts = [](const Bid& bid, const Auction& auction) {
      return bid.auction == auction.id && bid.date_time_ms >= auction.date_time_ms &&
             bid.date_time_ms <= auction.expires_ms;
    };
    if (event.stream == kAuctionStream && watermark.HasReached(event.auction.expires_ms)) {
      ++*late;
    } else if (event.stream == kAuctionStream) {
      ClosedAuction& auction = closed[{event.auction.expires_ms, event.auction.id}];
      auction.auction = event.auction;
      came[event.auction.id] = &auction;
      for (const Bid& bid : waited) {
        if (counts(bid, event.auction) && !watermark.HasReached(bid.date_time_ms)) auction.bids.push_back(bid);
      }
    } else if (event.stream == kBidStream) {
      const auto of = came.find(event.bid.auction);
      if (of != came.end() && !watermark.HasReached(of->second->auction.expires_ms)) {
        if (counts(event.bid, of->second->auction)) of->second->bids.push_back(event.bid);
      } else if (watermark.HasReached(event.time_ms)) {
        ++*late;
      } else {
        waited.push_back(event.bid);
      }
    }
    watermark.Observe(event.time_ms);
  }
  std::vector<ClosedAuction> in_order;
  for (const auto& [expiry_and_id, auction] : closed) in_order.push_back(auction);
  return in_order;
}

struct Averages {
  std::vector<std::string> rows;
  uint64_t categories = 0;
};

Averages AveragePrices(const std::vector<NexmarkEvent>& events, int64_t bound_ms, int64_t* late) {
  Averages averages;
  std::map<int64_t, std::vector<int64_t>> finals;
  for (const ClosedAuction& closed : Closed(events, bound_ms, late)) {
    if (closed.bids.empty()) continue;
    int64_t highest = 0;
    for (const Bid& bid : closed.bids) highest = std::max(highest, bid.price);
    auto& of_category = finals[closed.auction.category];
    of_category.push_back(highest);
    int64_t sum = 0;
    for (const int64_t price : of_category) sum += price;
    averages.rows.push_back(Row(closed.auction.category, sum / static_cast<int64_t>(of_category.size())));
  }
  AddLate(*late, &averages.rows);
  averages.categories = finals.size();
  return averages;
}

TEST(NexmarkQ4Test, AveragesTheFinalPricesOfEachCategory) {
  const auto events = ReadEvents("nexmark_q4", SmallNexmark(), 1);
  int64_t late = 0;
  const Averages averages = AveragePrices(Decoded(events), 200, &late);
  ASSERT_EQ(late, 0);
  ASSERT_GT(averages.rows.size(), 60u);
  for (const char* storage : {"heap", "backend"}) {
    ExpectOutput("nexmark_q4", EventTime(200, {{"timer_storage", storage}}), events, averages.rows,
                 averages.categories);
  }
}

TEST(NexmarkQ4Test, DropsAndCountsWhatComesTooLate) {
  const auto events = ReadEvents("nexmark_q4", SmallNexmark(), 1);
  int64_t late = 0;
  const Averages averages = AveragePrices(Decoded(events), 10, &late);
  ASSERT_GT(late, 100);
  ExpectOutput("nexmark_q4", EventTime(10), events, averages.rows, averages.categories);
}

TEST(NexmarkQ9Test, FindsTheWinningBidOfEachAuction) {
  for (const int64_t bound_ms : {200, 10}) {
    const auto events = ReadEvents("nexmark_q9", SmallNexmark(), 2);
    int64_t late = 0;
    std::vector<std::string> rows;
    for (const ClosedAuction& closed : Closed(Decoded(events), bound_ms, &late)) {
      if (closed.bids.empty()) continue;
      const Bid& winner = *std::min_element(closed.bids.begin(), closed.bids.end(), [](const Bid& a, const Bid& b) {
        return a.price != b.price ? a.price > b.price : a.date_time_ms < b.date_time_ms;
      });
      rows.push_back(Row(closed.auction, winner));
    }
    AddLate(late, &rows);
    ASSERT_GT(rows.size(), 60u);
    ExpectOutput("nexmark_q9", EventTime(bound_ms), events, rows, 0);
  }
}

Bid BidAt(int64_t time_ms, int64_t auction, int64_t price, int64_t bidder = 1) {
  Bid bid;
  bid.auction = auction;
  bid.bidder = bidder;
  bid.price = price;
  bid.date_time_ms = time_ms;
  return bid;
}

TEST(NexmarkQ9Test, TheFirstAndTheLastMillisecondCountAndTheEarlierOfEqualBidsWins) {
  Auction auction;
  auction.id = 1000;
  auction.date_time_ms = 100;
  auction.expires_ms = 200;
  // Two bids wait for the auction, of which one was made too early.
  const std::vector<Bid> bids = {BidAt(99, 1000, 900, 1),  BidAt(100, 1000, 700, 2), BidAt(200, 1000, 800, 3),
                                 BidAt(201, 1000, 990, 4), BidAt(150, 1000, 800, 5), BidAt(150, 1000, 800, 6)};
  const std::vector<OwnedEvent> events = {EventOf(bids[0]), EventOf(bids[1]), EventOf(auction), EventOf(bids[2]),
                                          EventOf(bids[3]), EventOf(bids[4]), EventOf(bids[5])};
  ExpectOutput("nexmark_q9", EventTime(120), events, {Row(auction, bids[4])}, 0);
}

/// Counts of all sliding windows that have not fired when the bid comes.
std::vector<std::string> HotItems(const std::vector<NexmarkEvent>& events, int64_t window_ms, int64_t slide_ms,
                                  int64_t bound_ms, int64_t* late) {
  std::map<int64_t, std::map<int64_t, int64_t>> windows;
  NexmarkWatermark watermark(bound_ms);
  for (const NexmarkEvent& event : events) {
    if (event.stream == kBidStream) {
      bool counted = false;
      for (int64_t end = WindowEnd(event.time_ms, slide_ms); end - window_ms <= event.time_ms; end += slide_ms) {
        if (watermark.HasReached(end - 1)) continue;
        ++windows[end][event.bid.auction];
        counted = true;
      }
      if (!counted) ++*late;
    }
    watermark.Observe(event.time_ms);
  }
  std::vector<std::string> rows;
  for (const auto& [end, counts] : windows) {
    int64_t most = 0;
    for (const auto& [auction, count] : counts) most = std::max(most, count);
    for (const auto& [auction, count] : counts) {
      if (count == most) rows.push_back(Row(end - window_ms, end, auction, count));
    }
  }
  AddLate(*late, &rows);
  return rows;
}

TEST(NexmarkQ5Test, FindsTheHotItemsOfSlidingWindows) {
  Parameters source = SmallNexmark();
  source["hot_auction_ratio"] = "1";  // So that several share the first place.
  const auto events = ReadEvents("nexmark_q5", source, 1);
  int64_t late = 0;
  const auto rows = HotItems(Decoded(events), 100, 20, 150, &late);
  ASSERT_EQ(late, 0);
  ASSERT_GT(rows.size(), 170u);
  for (const char* storage : {"heap", "backend"}) {
    const Parameters own = {{"window_ms", "100"}, {"slide_ms", "20"}, {"timer_storage", storage}};
    ExpectOutput("nexmark_q5", EventTime(150, own), events, rows, 0);
  }
}

TEST(NexmarkQ5Test, LateBidsCountInTheWindowsThatAreStillOpen) {
  const auto events = ReadEvents("nexmark_q5", SmallNexmark(), 1);
  int64_t late = 0;
  const auto rows = HotItems(Decoded(events), 40, 20, 10, &late);
  ASSERT_GT(late, 100);
  ExpectOutput("nexmark_q5", EventTime(10, {{"window_ms", "40"}, {"slide_ms", "20"}}), events, rows, 0);
}

TEST(NexmarkQ5Test, RefusesWindowsThatSlicesDoNotFill) {
  const auto workload = FindWorkload("nexmark_q5");
  ASSERT_TRUE(workload.ok());
  const Status status = (*workload)->make_operator({{"window_ms", "10000"}, {"slide_ms", "3000"}}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("multiple of slide_ms"), std::string::npos) << status.message();
}

std::string HighestRow(const Bid& bid) { return Row(bid.auction, bid.price, bid.bidder, bid.date_time_ms, bid.extra); }

/// Fires windows as the watermark moves; a bid at a window's very end joins that window as well.
class HighestBids {
 public:
  HighestBids(int64_t window_ms, int64_t bound_ms) : window_ms_(window_ms), watermark_(bound_ms) {}

  std::vector<std::string> Run(const std::vector<NexmarkEvent>& events) {
    for (const NexmarkEvent& event : events) {
      if (event.stream == kBidStream) Take(event.bid);
      watermark_.Observe(event.time_ms);
      while (!open_.empty() && watermark_.HasReached(*open_.begin() - 1)) FireFirst();
    }
    while (!open_.empty()) FireFirst();
    AddLate(late_, &rows_);
    return rows_;
  }
  int64_t late() const { return late_; }

 private:
  void Take(const Bid& bid) {
    const int64_t end = WindowEnd(bid.date_time_ms, window_ms_);
    if (watermark_.HasReached(end - 1)) {
      ++late_;
      return;
    }
    open_.insert(end);
    bids_.push_back(bid);
    // That its window before has fired, and the watermark has not reached its end, is one millisecond.
    const auto fired = highest_.find(bid.date_time_ms);
    if (fired == highest_.end() || watermark_.HasReached(bid.date_time_ms)) return;
    if (fired->second == bid.price) rows_.push_back(HighestRow(bid));
  }

  void FireFirst() {
    const int64_t end = *open_.begin();
    open_.erase(open_.begin());
    int64_t highest = 0;
    for (const Bid& bid : bids_) {
      if (WindowEnd(bid.date_time_ms, window_ms_) == end) highest = std::max(highest, bid.price);
    }
    highest_[end] = highest;
    std::vector<Bid> joined;
    for (const Bid& bid : bids_) {
      if (bid.price == highest && bid.date_time_ms >= end - window_ms_ && bid.date_time_ms <= end)
        joined.push_back(bid);
    }
    std::stable_sort(joined.begin(), joined.end(),
                     [](const Bid& a, const Bid& b) { return a.date_time_ms < b.date_time_ms; });
    for (const Bid& bid : joined) rows_.push_back(HighestRow(bid));
  }

  const int64_t window_ms_;
  NexmarkWatermark watermark_;
  std::set<int64_t> open_;
  std::map<int64_t, int64_t> highest_;
  std::vector<Bid> bids_;
  std::vector<std::string> rows_;
  int64_t late_ = 0;
};

TEST(NexmarkQ7Test, FindsTheHighestBidsOfTumblingWindows) {
  const auto events = ReadEvents("nexmark_q7", SmallNexmark(), 1);
  for (const int64_t bound_ms : {150, 10}) {
    HighestBids highest(50, bound_ms);
    const auto rows = highest.Run(Decoded(events));
    ASSERT_EQ(highest.late() > 100, bound_ms == 10);
    ASSERT_GT(rows.size(), 50u);
    for (const char* storage : {"heap", "backend"}) {
      const Parameters own = {{"window_ms", "50"}, {"timer_storage", storage}};
      ExpectOutput("nexmark_q7", EventTime(bound_ms, own), events, rows, 0);
    }
  }
}

TEST(NexmarkQ7Test, ABidAtAWindowsEndJoinsItUntilTheWatermarkIsThere) {
  // With a bound of 50 ms: 150 lets [0, 100) fire, 151 takes the watermark to 100.
  const std::vector<Bid> bids = {BidAt(90, 1, 500),  BidAt(100, 2, 500), BidAt(20, 3, 500),  BidAt(150, 4, 300),
                                 BidAt(100, 5, 500), BidAt(100, 6, 400), BidAt(151, 7, 300), BidAt(100, 8, 500)};
  std::vector<OwnedEvent> events;
  for (const Bid& bid : bids) events.push_back(EventOf(bid));
  const std::vector<std::string> rows = {
      HighestRow(bids[2]), HighestRow(bids[0]), HighestRow(bids[1]), HighestRow(bids[4]),
      HighestRow(bids[1]), HighestRow(bids[4]), HighestRow(bids[7]),
  };
  EXPECT_EQ(HighestBids(100, 50).Run(Decoded(events)), rows);
  ExpectOutput("nexmark_q7", EventTime(50, {{"window_ms", "100"}}), events, rows, 0);
}

TEST(NexmarkQ8Test, FindsWhoCameAndSoldInOneWindow) {
  const auto events = ReadEvents("nexmark_q8", SmallNexmark(6000), 1);
  for (const int64_t bound_ms : {150, 10}) {
    std::map<std::pair<int64_t, int64_t>, std::string> came;
    std::set<std::pair<int64_t, int64_t>> sold;
    NexmarkWatermark watermark(bound_ms);
    int64_t late = 0;
    for (const NexmarkEvent& event : Decoded(events)) {
      const int64_t end = WindowEnd(event.time_ms, 100);
      if (event.stream != kBidStream && watermark.HasReached(end - 1)) {
        ++late;
      } else if (event.stream == kPersonStream) {
        came[{end, event.person.id}] = event.person.name;
      } else if (event.stream == kAuctionStream) {
        sold.insert({end, event.auction.seller});
      }
      watermark.Observe(event.time_ms);
    }
    std::vector<std::string> rows;
    for (const auto& [end_and_id, name] : came) {
      if (sold.contains(end_and_id)) rows.push_back(Row(end_and_id.second, name, end_and_id.first - 100));
    }
    ASSERT_EQ(late > 5, bound_ms == 10);
    AddLate(late, &rows);
    ASSERT_GT(rows.size(), 5u);
    ExpectOutput("nexmark_q8", EventTime(bound_ms, {{"window_ms", "100"}}), events, rows, 0);
  }
}

TEST(NexmarkQ11Test, CountsBidsInSessionsOfTheirBidder) {
  const auto events = ReadEvents("nexmark_q11", SmallNexmark(), 1);
  std::map<int64_t, std::vector<int64_t>> times;
  for (const NexmarkEvent& event : Decoded(events)) {
    if (event.stream == kBidStream) times[event.bid.bidder].push_back(event.time_ms);
  }
  std::map<std::pair<int64_t, int64_t>, std::string> sessions;
  for (auto& [bidder, of_bidder] : times) {
    std::sort(of_bidder.begin(), of_bidder.end());
    size_t first = 0;
    for (size_t i = 0; i < of_bidder.size(); ++i) {
      if (i + 1 < of_bidder.size() && of_bidder[i + 1] - of_bidder[i] <= 30) continue;
      const int64_t end = of_bidder[i] + 30;
      sessions[{end, bidder}] = RowBuilder()
                                    .Prefixed(Encode(bidder))
                                    .Number(of_bidder[first])
                                    .Number(end)
                                    .Number(static_cast<int64_t>(i + 1 - first))
                                    .Build();
      first = i + 1;
    }
  }
  std::vector<std::string> rows;
  for (const auto& [end_and_bidder, row] : sessions) rows.push_back(row);
  ASSERT_GT(rows.size(), 100u);
  ExpectOutput("nexmark_q11", EventTime(150, {{"gap_ms", "30"}}), events, rows, 0);
}

TEST(NexmarkQ12Test, CountsBidsInWindowsOfTheirArrival) {
  const auto events = ReadEvents("nexmark_q12", SmallNexmark(), 1);
  std::map<std::pair<int64_t, int64_t>, int64_t> counts;
  int64_t now_ms = 0;
  int out_of_order = 0;
  for (const NexmarkEvent& event : Decoded(events)) {
    now_ms = std::max(now_ms, event.time_ms);
    if (event.stream != kBidStream) continue;
    ++counts[{WindowEnd(now_ms, 50), event.bid.bidder}];
    out_of_order += WindowEnd(now_ms, 50) != WindowEnd(event.time_ms, 50) ? 1 : 0;
  }
  ASSERT_GT(out_of_order, 500);
  std::vector<std::string> rows;
  for (const auto& [end_and_bidder, count] : counts) {
    const auto [end, bidder] = end_and_bidder;
    rows.push_back(Row(bidder, count, end - 50, end));
  }
  for (const char* storage : {"heap", "backend"}) {
    ExpectOutput("nexmark_q12", {{"window_ms", "50"}, {"timer_storage", storage}}, events, rows, 0);
  }
}

}  // namespace
}  // namespace kvstate::workloads

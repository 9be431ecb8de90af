#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/bytes.h"
#include "workloads/output_digest.h"
#include "workloads/sources/synthetic_source.h"

namespace kvstate::workloads {
namespace {

const std::vector<ParameterSpec>& Specs() {
  static const std::vector<ParameterSpec> specs = SyntheticSourceParameters({});
  return specs;
}

struct Seen {
  uint64_t id = 0;
  int64_t time_ms = 0;
  size_t value_bytes = 0;
};

std::vector<Seen> EventsOf(const Parameters& parameters, uint64_t seed = 1) {
  auto source = MakeSyntheticSource("test", Specs(), parameters, seed);
  EXPECT_TRUE(source.ok()) << source.status().ToString();
  std::vector<Seen> events;
  Event event;
  while (source.ok()) {
    const Result<bool> more = (*source)->Next(&event);
    EXPECT_TRUE(more.ok());
    if (!more.ok() || !*more) break;
    uint64_t id = 0;
    for (size_t i = 0; i < 8; ++i) id = id << 8 | static_cast<uint8_t>(event.key[i]);
    events.push_back({id, event.time_ms, event.value.size()});
  }
  return events;
}

uint64_t DigestOf(const Parameters& parameters, uint64_t seed) {
  OutputDigest digest;
  ByteWriter row;
  for (const Seen& event : EventsOf(parameters, seed)) {
    row.Clear();
    row.PutFixed64(event.id);
    row.PutFixed64(static_cast<uint64_t>(event.time_ms));
    row.PutFixed64(event.value_bytes);
    digest.Add(row.view());
  }
  return digest.value();
}

/// Never to be changed: results that were measured refer to these streams.
TEST(SourceDistributionsTest, AreTheSameOnEveryMachine) {
  Parameters latest = {{"events", "10000"}, {"keys", "1000"}, {"key_distribution", "latest"}};
  EXPECT_EQ(DigestOf(latest, 1), 0xb11ea24586a2152cu);
  latest["fill"] = "yes";
  latest["zipf_theta"] = "0.5";
  EXPECT_EQ(DigestOf(latest, 1), 0xe126f764f31b4d80u);
  const Parameters hot_set = {{"events", "10000"},        {"keys", "1000"},        {"key_distribution", "hot_set"},
                              {"hot_key_percent", "0.5"}, {"drift_events", "999"}, {"drift_percent", "3"}};
  EXPECT_EQ(DigestOf(hot_set, 1), 0x9e77700e5111dd5cu);
  EXPECT_EQ(DigestOf({{"events", "10000"}, {"value_size", "uniform"}, {"arrivals", "poisson"}}, 1),
            0x05de3e7a1c82cff6u);
  EXPECT_EQ(
      DigestOf({{"events", "10000"}, {"value_size", "normal"}, {"value_bytes", "100"}, {"arrivals", "bursts"}}, 1),
      0x1ef01416af269da0u);
  EXPECT_EQ(
      DigestOf(
          {{"events", "10000"}, {"value_size", "pareto"}, {"out_of_order_percent", "5"}, {"out_of_order_ms", "1000"}},
          1),
      0x191f2cf9d5e38675u);
}

TEST(SourceDistributionsTest, LatestBringsNewKeysAndAsksMostForTheNewest) {
  uint64_t newest = 0;
  uint64_t brought = 0;
  std::map<uint64_t, int> distances;
  const auto events =
      EventsOf({{"events", "50000"}, {"keys", "1000"}, {"key_distribution", "latest"}, {"new_key_percent", "10"}});
  for (const Seen& event : events) {
    if (event.id > newest) {
      ASSERT_EQ(event.id, newest + 1);
      newest = event.id;
      ++brought;
    } else {
      ASSERT_LT(newest - event.id, 1000u);
      ++distances[newest - event.id];
    }
  }
  EXPECT_NEAR(static_cast<double>(brought), 5000, 4 * std::sqrt(50000 * 0.1 * 0.9));
  EXPECT_GT(distances[0], 4 * distances[9]);
  EXPECT_GT(distances[9], 2 * distances[90]);
}

TEST(SourceDistributionsTest, LatestBehindAFillingGoesOnFromItsKeys) {
  const auto events = EventsOf({{"events", "3000"}, {"keys", "500"}, {"key_distribution", "latest"}, {"fill", "yes"}});
  uint64_t most = 0;
  for (size_t i = 500; i < events.size(); ++i) most = std::max(most, events[i].id);
  const auto first_new = std::find_if(events.begin() + 500, events.end(), [](const Seen& e) { return e.id >= 500; });
  ASSERT_NE(first_new, events.end());
  EXPECT_EQ(first_new->id, 500u);
  EXPECT_NEAR(static_cast<double>(most - 499), 125, 45);
}

TEST(SourceDistributionsTest, AHotSetHasItsShareOfTheEventsEachKeyAsMuch) {
  std::map<uint64_t, int> counts;
  for (const Seen& event : EventsOf({{"events", "100000"},
                                     {"keys", "1000"},
                                     {"key_distribution", "hot_set"},
                                     {"hot_key_percent", "2"},
                                     {"hot_event_percent", "70"}})) {
    ++counts[event.id];
  }
  std::vector<int> sorted;
  for (const auto& [id, count] : counts) sorted.push_back(count);
  std::sort(sorted.rbegin(), sorted.rend());
  ASSERT_EQ(sorted.size(), 1000u);
  int hot = 0;
  for (size_t i = 0; i < 20; ++i) hot += sorted[i];
  EXPECT_NEAR(hot, 70000, 4 * std::sqrt(100000 * 0.7 * 0.3));
  EXPECT_LT(sorted[0], 3500 * 1.1);
  EXPECT_GT(sorted[19], 3500 * 0.9);
  EXPECT_LT(sorted[20], 100);
}

/// The ids of a part of the events that occur most.
std::vector<uint64_t> MostPopular(const std::vector<Seen>& events, size_t begin, size_t end, size_t n) {
  std::map<uint64_t, int> counts;
  for (size_t i = begin; i < end; ++i) ++counts[events[i].id];
  std::vector<std::pair<int, uint64_t>> sorted;
  for (const auto& [id, count] : counts) sorted.emplace_back(count, id);
  std::sort(sorted.rbegin(), sorted.rend());
  std::vector<uint64_t> ids;
  for (size_t i = 0; i < n && i < sorted.size(); ++i) ids.push_back(sorted[i].second);
  std::sort(ids.begin(), ids.end());
  return ids;
}

TEST(SourceDistributionsTest, DriftReplacesAsMuchOfTheHotSetAsAskedFor) {
  const auto events = EventsOf({{"events", "60000"},
                                {"keys", "1000"},
                                {"key_distribution", "hot_set"},
                                {"hot_key_percent", "10"},
                                {"hot_event_percent", "95"},
                                {"drift_events", "20000"},
                                {"drift_percent", "4"}});
  const auto first = MostPopular(events, 0, 20000, 100);
  for (const auto& [epoch, shared_hot] : {std::pair<size_t, size_t>{1, 60}, {2, 20}}) {
    const auto later = MostPopular(events, epoch * 20000, (epoch + 1) * 20000, 100);
    std::vector<uint64_t> both;
    std::set_intersection(first.begin(), first.end(), later.begin(), later.end(), std::back_inserter(both));
    EXPECT_EQ(both.size(), shared_hot);
  }
}

TEST(SourceDistributionsTest, DriftMovesTheRanksOfAZipfianAndChangesNoDraw) {
  const Parameters still = {{"events", "20000"}, {"keys", "1000"}, {"key_distribution", "zipfian"}};
  Parameters drifting = still;
  drifting["drift_events"] = "10000";
  const auto a = EventsOf(still);
  const auto b = EventsOf(drifting);
  for (size_t i = 0; i < 10000; ++i) ASSERT_EQ(a[i].id, b[i].id) << i;
  EXPECT_NE(MostPopular(a, 10000, 20000, 1), MostPopular(b, 10000, 20000, 1));
  std::map<uint64_t, uint64_t> moved;
  for (size_t i = 10000; i < 20000; ++i) {
    const auto [at, is_new] = moved.emplace(a[i].id, b[i].id);
    ASSERT_EQ(at->second, b[i].id) << "one id became two";
  }
}

double Mean(const std::vector<Seen>& events) {
  double sum = 0;
  for (const Seen& event : events) sum += static_cast<double>(event.value_bytes);
  return sum / static_cast<double>(events.size());
}

double ShareAbove(const std::vector<Seen>& events, size_t bytes) {
  const auto above = std::count_if(events.begin(), events.end(), [&](const Seen& e) { return e.value_bytes > bytes; });
  return static_cast<double>(above) / static_cast<double>(events.size());
}

TEST(SourceDistributionsTest, UniformLengthsReachBothEnds) {
  const auto events =
      EventsOf({{"events", "20000"}, {"value_size", "uniform"}, {"value_bytes_min", "10"}, {"value_bytes_max", "29"}});
  std::map<size_t, int> counts;
  for (const Seen& event : events) ++counts[event.value_bytes];
  ASSERT_EQ(counts.size(), 20u);
  EXPECT_EQ(counts.begin()->first, 10u);
  EXPECT_EQ(counts.rbegin()->first, 29u);
  for (const auto& [bytes, count] : counts) EXPECT_NEAR(count, 1000, 160) << bytes;
}

TEST(SourceDistributionsTest, NormalLengthsHaveTheirMeanAndDeviationAndBounds) {
  const auto events = EventsOf({{"events", "50000"},
                                {"value_size", "normal"},
                                {"value_bytes", "200"},
                                {"value_bytes_stddev", "50"},
                                {"value_bytes_min", "100"}});
  EXPECT_NEAR(Mean(events), 200, 2);
  EXPECT_NEAR(ShareAbove(events, 250), 0.1587, 0.008);
  EXPECT_NEAR(ShareAbove(events, 300), 0.0228, 0.004);
  EXPECT_EQ(ShareAbove(events, 99), 1);
}

TEST(SourceDistributionsTest, ParetoLengthsHaveThePublishedTail) {
  const auto events = EventsOf({{"events", "100000"}, {"value_size", "pareto"}, {"value_bytes_max", "100000"}});
  // P(X > x) = (1 + k x / sigma)^(-1 / k); its mean is sigma / (1 - k).
  for (size_t bytes : {20u, 50u, 100u, 300u}) {
    const double expected = std::pow(1 + 0.2615 * (static_cast<double>(bytes) + 0.5) / 25.45, -1 / 0.2615);
    EXPECT_NEAR(ShareAbove(events, bytes), expected, 4 * std::sqrt(expected / 100000)) << bytes;
  }
  EXPECT_NEAR(Mean(events), 25.45 / (1 - 0.2615), 1.0);
}

TEST(SourceDistributionsTest, PoissonArrivalsHaveTheRateAndExponentialGaps) {
  const auto events =
      EventsOf({{"events", "100001"}, {"arrivals", "poisson"}, {"events_per_second", "10"}, {"start_ms", "0"}});
  EXPECT_EQ(events.front().time_ms, 0);
  EXPECT_NEAR(static_cast<double>(events.back().time_ms), 1e7, 4 * std::sqrt(1e5) * 100);
  int long_gaps = 0;
  for (size_t i = 1; i < events.size(); ++i) {
    ASSERT_GE(events[i].time_ms, events[i - 1].time_ms);
    long_gaps += events[i].time_ms - events[i - 1].time_ms > 200 ? 1 : 0;
  }
  EXPECT_NEAR(long_gaps, 100000 * std::exp(-2.0), 600);
}

TEST(SourceDistributionsTest, BurstsComeInTheFirstPartOfEachPeriodAndLoseNoEvent) {
  const auto events = EventsOf({{"events", "10000"},
                                {"arrivals", "bursts"},
                                {"events_per_second", "100"},
                                {"burst_period_ms", "5000"},
                                {"burst_percent", "20"},
                                {"start_ms", "0"}});
  std::map<int64_t, int> periods;
  for (const Seen& event : events) {
    ++periods[event.time_ms / 5000];
    EXPECT_LT(event.time_ms % 5000, 1000);
  }
  ASSERT_EQ(periods.size(), 20u);
  for (const auto& [period, count] : periods) EXPECT_EQ(count, 500) << period;
}

TEST(SourceDistributionsTest, OnlyTheShareAskedForIsLate) {
  const auto events = EventsOf(
      {{"events", "20000"}, {"out_of_order_ms", "100000"}, {"out_of_order_percent", "10"}, {"start_ms", "1000000"}});
  int late = 0;
  for (size_t i = 0; i < events.size(); ++i) late += events[i].time_ms != 1000000 + static_cast<int64_t>(i) ? 1 : 0;
  EXPECT_NEAR(late, 2000, 4 * std::sqrt(20000 * 0.1 * 0.9));
}

TEST(SourceDistributionsTest, TheEndsOfTheirRangesWork) {
  for (const Parameters& parameters : std::vector<Parameters>{
           {{"keys", "1"}, {"key_distribution", "latest"}, {"new_key_percent", "100"}},
           {{"keys", "1"}, {"key_distribution", "latest"}, {"new_key_percent", "0"}},
           {{"keys", "1"}, {"key_distribution", "hot_set"}, {"drift_events", "1"}, {"drift_percent", "100"}},
           {{"keys", "7"}, {"key_distribution", "hot_set"}, {"hot_key_percent", "100"}, {"hot_event_percent", "0"}},
           {{"value_size", "uniform"}, {"value_bytes_max", "0"}},
           {{"value_size", "normal"}, {"value_bytes_stddev", "16777216"}, {"value_bytes_max", "64"}},
           {{"value_size", "pareto"}, {"pareto_k", "10"}, {"pareto_sigma", "16777216"}, {"value_bytes_max", "64"}},
           {{"arrivals", "poisson"}, {"events_per_second", "1000000000"}},
           {{"arrivals", "bursts"}, {"burst_period_ms", "2147483648"}, {"burst_percent", "1"}},
       }) {
    Parameters some = parameters;
    some["events"] = "500";
    EXPECT_EQ(EventsOf(some).size(), 500u) << parameters.begin()->second;
  }
}

TEST(SourceDistributionsTest, WhatSaysNothingOrCannotBeIsRefusedByName) {
  const std::vector<std::pair<Parameters, std::string>> wrong = {
      {{{"new_key_percent", "5"}}, "new_key_percent"},
      {{{"hot_key_percent", "5"}, {"key_distribution", "zipfian"}}, "hot_key_percent"},
      {{{"drift_events", "5"}, {"key_distribution", "latest"}}, "drift_events"},
      {{{"drift_percent", "5"}, {"key_distribution", "zipfian"}}, "drift_percent"},
      {{{"zipf_theta", "1"}, {"key_distribution", "hot_set"}}, "zipf_theta"},
      {{{"value_bytes_min", "5"}}, "value_bytes_min"},
      {{{"value_bytes", "5"}, {"value_size", "pareto"}}, "value_bytes"},
      {{{"value_bytes_min", "5"}, {"value_bytes_max", "4"}, {"value_size", "uniform"}}, "value_bytes_min"},
      {{{"pareto_k", "0"}, {"value_size", "pareto"}}, "pareto_k"},
      {{{"burst_percent", "0"}, {"arrivals", "bursts"}}, "burst_percent"},
      {{{"burst_percent", "10"}}, "burst_percent"},
      {{{"epoch_events", "10"}, {"keys", "5"}, {"key_distribution", "latest"}}, "epoch_events"},
      {{{"arrivals", "often"}}, "arrivals"},
  };
  for (const auto& [parameters, name] : wrong) {
    const auto source = MakeSyntheticSource("test", Specs(), parameters, 1);
    EXPECT_EQ(source.status().code(), StatusCode::kInvalidArgument) << name;
    EXPECT_NE(source.status().message().find(": " + name + " is \""), std::string::npos) << source.status().ToString();
  }
}

}  // namespace
}  // namespace kvstate::workloads

// Jobs on keyed state without windows, each against a plain map.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"
#include "tests/unit/workloads/window_reference.h"
#include "workloads/output_digest.h"
#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

std::vector<OwnedEvent> EventsOf(const std::string& workload, const std::string& out_of_order_ms = "0") {
  return ReadEvents(workload, {{"events", "2000"}, {"keys", "30"}, {"out_of_order_ms", out_of_order_ms}}, 3);
}

uint64_t PercentOf(const OwnedEvent& event) { return HashEvent(event.time_ms, event.key, event.value) % 100; }

TEST(RunningAggregateTest, EachEventEmitsTheTotalsSoFar) {
  const auto events = EventsOf("running_aggregate");
  std::map<std::string, std::vector<int64_t>> measures;
  std::vector<std::string> rows;
  for (const OwnedEvent& event : events) {
    std::vector<int64_t>& of_key = measures[event.key];
    of_key.push_back(ReferenceMeasure(event));
    int64_t sum = 0;
    for (const int64_t measure : of_key) sum += measure;
    const auto [least, greatest] = std::minmax_element(of_key.begin(), of_key.end());
    RowBuilder row;
    row.Prefixed(event.key).Number(static_cast<int64_t>(of_key.size())).Number(sum).Number(*least).Number(*greatest);
    rows.push_back(row.Build());
  }
  ExpectOutput("running_aggregate", {}, events, rows, measures.size());
}

TEST(WordCountTest, SplitsLinesAndCountsTheirWords) {
  const std::vector<OwnedEvent> events = {{1, "x", "to be or not to be"}, {2, "", ""}, {3, "", "  be  "}};
  std::vector<std::string> rows;
  for (const auto& [word, count] : std::vector<std::pair<std::string, int64_t>>{
           {"to", 1}, {"be", 1}, {"or", 1}, {"not", 1}, {"to", 2}, {"be", 2}, {"be", 3}}) {
    rows.push_back(RowBuilder().Prefixed(word).Number(count).Build());
  }
  ExpectOutput("word_count", {}, events, rows, 4);
}

TEST(WordCountTest, TheSourceDrawsWordsAsKeysAreDrawn) {
  const auto events = ReadEvents("word_count", {{"events", "2003"}, {"keys", "50"}, {"words_per_line", "20"}}, 1);
  ASSERT_EQ(events.size(), 101u);
  std::map<std::string, int64_t> counts;
  std::vector<std::string> rows;
  size_t words_of_line = 0;
  for (const OwnedEvent& event : events) {
    std::istringstream line(event.value);
    words_of_line = 0;
    for (std::string word; line >> word; ++words_of_line) {
      rows.push_back(RowBuilder().Prefixed(word).Number(++counts[word]).Build());
    }
    if (&event != &events.back()) {
      EXPECT_EQ(words_of_line, 20u);
    }
  }
  EXPECT_EQ(words_of_line, 3u);
  EXPECT_EQ(rows.size(), 2003u);
  EXPECT_LE(counts.size(), 50u);
  int64_t most = 0;
  for (const auto& [word, count] : counts) most = std::max(most, count);
  EXPECT_GT(most, 5 * 2003 / 50) << "Zipfian";
  ExpectOutput("word_count", {}, events, rows, counts.size());
}

TEST(LastSeenTest, TellsTheLastTimeUnlessItIsForgotten) {
  for (const int64_t ttl_ms : {0, 100}) {
    const auto events = EventsOf("last_seen", "50");
    std::map<std::string, std::pair<int64_t, int64_t>> seen;  // Event's time and the clock's.
    std::vector<std::string> rows;
    int64_t now_ms = 0;
    int64_t forgotten = 0;
    for (const OwnedEvent& event : events) {
      now_ms = std::max(now_ms, event.time_ms);
      if (PercentOf(event) >= 20) {
        seen[event.key] = {event.time_ms, now_ms};
        continue;
      }
      RowBuilder row;
      row.Prefixed(event.key);
      const auto found = seen.find(event.key);
      const bool expired = found != seen.end() && ttl_ms > 0 && found->second.second + ttl_ms <= now_ms;
      forgotten += expired ? 1 : 0;
      if (found == seen.end() || expired) {
        rows.push_back(row.Byte(0).Build());
      } else {
        rows.push_back(row.Byte(1).Number(found->second.first).Build());
      }
    }
    EXPECT_EQ(forgotten > 10, ttl_ms > 0) << forgotten;
    ExpectOutput("last_seen", {{"ask_percent", "20"}, {"ttl_ms", std::to_string(ttl_ms)}}, events, rows, std::nullopt);
  }
}

TEST(TopNTest, EmitsWhatGetsAmongTheGreatest) {
  for (const int64_t n : {1, 5}) {
    const auto events = EventsOf("top_n");
    std::map<std::string, std::set<std::pair<int64_t, int64_t>>> all;
    std::vector<std::string> rows;
    for (const OwnedEvent& event : events) {
      auto& of_key = all[event.key];
      const auto [place, is_new] = of_key.emplace(ReferenceMeasure(event), event.time_ms);
      const int64_t rank = std::distance(place, of_key.end());
      if (!is_new || rank > n) continue;
      rows.push_back(RowBuilder().Prefixed(event.key).Number(rank).Number(place->first).Number(place->second).Build());
    }
    ASSERT_GT(rows.size(), 100u);
    uint64_t kept = 0;
    for (const auto& [key, of_key] : all) kept += std::min<uint64_t>(of_key.size(), static_cast<uint64_t>(n));
    ExpectOutput("top_n", {{"n", std::to_string(n)}, {"state", "map"}}, events, rows, kept);
    ExpectOutput("top_n", {{"n", std::to_string(n)}, {"state", "list"}}, events, rows, all.size());
  }
}

TEST(EventPatternTest, MatchesTimesOutAndEndsInSilence) {
  constexpr int64_t kWithinMs = 90;
  constexpr int64_t kBoundMs = 20;
  const auto events = EventsOf("event_pattern", "60");
  std::map<std::string, int64_t> waiting;
  std::vector<std::string> rows;
  ReferenceWatermark watermark(kBoundMs, 0);
  int64_t late = 0;
  std::map<int, int64_t> outcomes;
  const auto emit = [&](uint8_t outcome, const std::string& key, int64_t began_ms, int64_t ended_ms) {
    rows.push_back(RowBuilder().Byte(outcome).Prefixed(key).Number(began_ms).Number(ended_ms).Build());
    ++outcomes[outcome];
  };
  const auto time_out = [&](bool all) {
    std::set<std::pair<int64_t, std::string>> due;
    for (const auto& [key, began_ms] : waiting) {
      if (all || watermark.HasPassed(began_ms + kWithinMs)) due.emplace(began_ms, key);
    }
    for (const auto& [began_ms, key] : due) {
      emit(2, key, began_ms, began_ms + kWithinMs);
      waiting.erase(key);
    }
  };
  for (const OwnedEvent& event : events) {
    const uint64_t percent = PercentOf(event);
    const auto found = waiting.find(event.key);
    if (percent < 20 && found == waiting.end()) {
      if (watermark.HasPassed(event.time_ms + kWithinMs)) {
        ++late;
      } else {
        waiting[event.key] = event.time_ms;
      }
    } else if (percent >= 20 && percent < 50 && found != waiting.end()) {
      const int64_t since_ms = event.time_ms - found->second;
      if (since_ms >= 0 && since_ms <= kWithinMs) {
        if (percent < 40) emit(1, event.key, found->second, event.time_ms);
        waiting.erase(found);
        ++outcomes[0];
      }
    }
    watermark.Observe(event.time_ms);
    time_out(/*all=*/false);
  }
  time_out(/*all=*/true);
  if (late > 0) rows.push_back(RowBuilder().Number(late).Build());
  EXPECT_GT(outcomes[1], 20);
  EXPECT_GT(outcomes[2], 20);
  EXPECT_GT(outcomes[0], outcomes[1] + 10) << "some end in silence";
  for (const char* storage : {"heap", "backend"}) {
    ExpectOutput("event_pattern",
                 {{"within_ms", std::to_string(kWithinMs)},
                  {"out_of_order_ms", std::to_string(kBoundMs)},
                  {"watermark_interval_ms", "0"},
                  {"timer_storage", storage}},
                 events, rows, 0);
  }
}

TEST(FeatureCountersTest, CountsBucketsWithinEachHorizon) {
  const std::vector<int64_t> horizons_ms = {20, 200, 1000};
  constexpr int64_t kBuckets = 4;
  const auto events =
      ReadEvents("feature_counters",
                 {{"events", "2000"}, {"keys", "10"}, {"out_of_order_ms", "100"}, {"events_per_second", "1000"}}, 3);
  std::map<std::string, std::map<std::pair<size_t, int64_t>, int64_t>> counts;
  std::vector<std::string> rows;
  for (const OwnedEvent& event : events) {
    auto& of_key = counts[event.key];
    RowBuilder row;
    row.Prefixed(event.key);
    for (size_t i = 0; i < horizons_ms.size(); ++i) {
      const int64_t length_ms = horizons_ms[i] / kBuckets;
      int64_t start_ms = event.time_ms / length_ms * length_ms;
      if (start_ms > event.time_ms) start_ms -= length_ms;
      ++of_key[{i, start_ms}];
      int64_t sum = 0;
      for (const auto& [bucket, count] : of_key) {
        const int64_t age_ms = event.time_ms - bucket.second;
        if (bucket.first == i && age_ms >= 0 && age_ms < horizons_ms[i]) sum += count;
      }
      std::erase_if(of_key, [&](const auto& entry) {
        return entry.first.first == i && event.time_ms - entry.first.second >= horizons_ms[i];
      });
      row.Number(sum);
    }
    rows.push_back(row.Build());
  }
  uint64_t entries = 0;
  for (const auto& [key, of_key] : counts) entries += of_key.size();
  EXPECT_LE(entries, 720u) << "buckets that are over are removed";
  ExpectOutput("feature_counters", {{"short_ms", "20"}, {"medium_ms", "200"}, {"long_ms", "1000"}, {"buckets", "4"}},
               events, rows, entries);
}

struct BatchCase {
  std::string workload;
  int64_t idle_batches = 0;
  bool all = false;
};

TEST(MicroBatchTest, UpdatesAllKeysOrThoseThatChanged) {
  constexpr int64_t kBatchMs = 50;
  const auto events =
      ReadEvents("micro_batch_all_keys", {{"events", "2000"}, {"keys", "100"}, {"key_distribution", "zipfian"}}, 3);
  for (const BatchCase& one : {BatchCase{"micro_batch_all_keys", 0, true}, BatchCase{"micro_batch_all_keys", 3, true},
                               BatchCase{"micro_batch_changed_keys", 0, false}}) {
    std::map<std::string, std::pair<int64_t, int64_t>> totals;
    std::vector<std::string> rows;
    int64_t cleared = 0;
    for (size_t begin = 0; begin < events.size();) {
      const int64_t start_ms = events[begin].time_ms / kBatchMs * kBatchMs;
      std::set<std::string> changed;
      size_t end = begin;
      for (; end < events.size() && events[end].time_ms < start_ms + kBatchMs; ++end) {
        changed.insert(events[end].key);
        totals[events[end].key].first += ReferenceMeasure(events[end]);
      }
      int64_t sum = 0;
      int64_t keys = 0;
      for (auto& [key, total_and_idle] : totals) {
        total_and_idle.second = changed.contains(key) ? 0 : total_and_idle.second + 1;
        if (!changed.contains(key) && !one.all) continue;
        if (one.idle_batches > 0 && total_and_idle.second >= one.idle_batches) continue;
        ++keys;
        sum += total_and_idle.first;
      }
      const size_t before = totals.size();
      if (one.idle_batches > 0) {
        std::erase_if(totals, [&](const auto& entry) { return entry.second.second >= one.idle_batches; });
      }
      cleared += static_cast<int64_t>(before - totals.size());
      rows.push_back(RowBuilder().Number(start_ms).Number(keys).Number(sum).Build());
      begin = end;
    }
    EXPECT_EQ(cleared > 10, one.idle_batches > 0) << cleared;
    Parameters parameters = {{"batch_ms", std::to_string(kBatchMs)}};
    if (one.all) parameters["idle_batches"] = std::to_string(one.idle_batches);
    ExpectOutput(one.workload, parameters, events, rows, totals.size());
  }
}

TEST(KeyedJobParametersTest, WhatCannotBeIsRefusedWithWhatIsAllowed) {
  ExpectRefused({
      {"event_pattern", {{"a_percent", "60"}, {"b_percent", "60"}}, "100 at most"},
      {"feature_counters", {{"medium_ms", "1000"}, {"buckets", "3"}, {"short_ms", "3"}}, "multiple of buckets"},
      {"top_n", {{"n", "0"}}, "1"},
      {"micro_batch_changed_keys", {{"idle_batches", "3"}}, "batch_ms"},
  });
}

}  // namespace
}  // namespace kvstate::workloads

// The operators without event time, each against a plain map.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"
#include "workloads/output_digest.h"

namespace kvstate::workloads {
namespace {

const Parameters kSource = {{"events", "3000"}, {"keys", "60"}, {"out_of_order_ms", "50"}, {"value_bytes", "11"}};

TEST(ValueRmwTest, CountsEachKeyAndKeepsItsLatestTime) {
  const auto events = ReadEvents("value_rmw", kSource, 1);
  std::map<std::string, std::pair<int64_t, int64_t>> state;
  std::vector<std::string> rows;
  for (const OwnedEvent& event : events) {
    auto& [count, latest_ms] = state.emplace(event.key, std::pair(0, INT64_MIN)).first->second;
    ++count;
    latest_ms = std::max(latest_ms, event.time_ms);
    rows.push_back(RowBuilder().Prefixed(event.key).Number(count).Number(latest_ms).Build());
  }
  ExpectOutput("value_rmw", {}, events, rows, state.size());
  ExpectOutput("value_rmw", {{"keep_payload", "yes"}}, events, rows, state.size());
}

TEST(ListAppendTest, ReadsInOrderAndClearsLongLists) {
  const auto events = ReadEvents("list_append", kSource, 1);
  std::map<std::string, std::vector<std::string>> state;
  std::vector<std::string> rows;
  int cleared = 0;
  for (const OwnedEvent& event : events) {
    auto& list = state[event.key];
    list.push_back(event.value);
    if (HashEvent(event.time_ms, event.key, event.value) % 4 != 0) continue;
    RowBuilder row;
    row.Prefixed(event.key);
    for (const std::string& element : list) row.Prefixed(element);
    rows.push_back(row.Build());
    if (list.size() > 5) {
      state.erase(event.key);
      ++cleared;
    }
  }
  ASSERT_GT(cleared, 20);
  ASSERT_NEAR(static_cast<double>(rows.size()), 750, 100);
  ExpectOutput("list_append", {{"read_every", "4"}, {"max_elements", "5"}}, events, rows, state.size());
}

TEST(ListAppendTest, TakesEmptyPayloads) {
  const std::vector<OwnedEvent> events = {{1, "k", ""}, {2, "k", ""}};
  const std::vector<std::string> rows = {RowBuilder().Prefixed("k").Prefixed("").Build(),
                                         RowBuilder().Prefixed("k").Prefixed("").Prefixed("").Build()};
  ExpectOutput("list_append", {{"read_every", "1"}}, events, rows, 1);
}

TEST(MapPointTest, FindsPutsAndRemovesAndScansInOrder) {
  const auto events = ReadEvents("map_point", kSource, 1);
  std::map<std::string, std::map<int64_t, std::string>> state;
  std::vector<std::string> rows;
  std::map<std::string, int> hits;
  for (const OwnedEvent& event : events) {
    const uint64_t hash = HashEvent(event.time_ms, event.key, event.value);
    const auto user_key = static_cast<int64_t>((hash >> 32) % 7);
    const uint64_t percent = (hash & 0xffffffff) % 100;
    auto& map = state[event.key];
    const bool there = map.contains(user_key);
    RowBuilder row;
    row.Prefixed(event.key);
    if (percent < 30) {
      map[user_key] = event.value;
      continue;
    }
    if (percent < 40) {
      if (there) ++hits["contains"];
      rows.push_back(row.Number(user_key).Byte(there ? 1 : 0).Build());
    } else if (percent < 55) {
      hits["remove"] += static_cast<int>(map.erase(user_key));
    } else if (percent < 75) {
      int left = 3;
      for (const auto& [number, value] : map) {
        if (left-- == 0) break;
        row.Number(number).Prefixed(value);
      }
      rows.push_back(row.Build());
    } else {
      if (there) ++hits["get"];
      row.Number(user_key).Byte(there ? 1 : 0);
      if (there) row.Bytes(map[user_key]);
      rows.push_back(row.Build());
    }
  }
  ASSERT_GT(hits["contains"], 20);
  ASSERT_GT(hits["remove"], 20);
  ASSERT_GT(hits["get"], 20);
  uint64_t entries = 0;
  for (const auto& [key, map] : state) entries += map.size();
  const Parameters parameters = {{"user_keys", "7"},       {"put_percent", "30"},  {"contains_percent", "10"},
                                 {"remove_percent", "15"}, {"scan_percent", "20"}, {"scan_entries", "3"}};
  ExpectOutput("map_point", parameters, events, rows, entries);
}

TEST(MapPointTest, RefusesSharesThatSumToMoreThanAll) {
  const auto spec = FindWorkload("map_point");
  ASSERT_TRUE(spec.ok());
  EXPECT_TRUE((*spec)->make_operator({{"put_percent", "80"}}).ok());
  const Status status = (*spec)->make_operator({{"put_percent", "81"}}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("sum to 100 at most"), std::string::npos) << status.message();
}

TEST(DedupTest, LetsTheFirstEventOfEachKeyThrough) {
  const auto events = ReadEvents("dedup", kSource, 1);
  std::map<std::string, int64_t> seen;
  std::vector<std::string> rows;
  for (const OwnedEvent& event : events) {
    if (!seen.emplace(event.key, event.time_ms).second) continue;
    rows.push_back(RowBuilder().Prefixed(event.key).Number(event.time_ms).Bytes(event.value).Build());
  }
  ExpectOutput("dedup", {}, events, rows, seen.size());
}

}  // namespace
}  // namespace kvstate::workloads

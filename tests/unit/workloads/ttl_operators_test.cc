// The operators with a time to live, each against plain maps of times.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"
#include "workloads/output_digest.h"

namespace kvstate::workloads {
namespace {

constexpr int64_t kTtlMs = 700;

const Parameters kSource = {{"events", "4000"}, {"keys", "500"}, {"value_bytes", "11"}, {"events_per_second", "1000"}};

/// A value with the time of its last update.
struct Timed {
  std::string value;
  int64_t time_ms = 0;
  bool IsLive(int64_t now_ms) const { return time_ms + kTtlMs > now_ms; }
};

Parameters WithTtl(Parameters parameters) {
  parameters["ttl_ms"] = std::to_string(kTtlMs);
  return parameters;
}

TEST(TtlDedupTest, LetsAKeyThroughAgainOnceItsTimeIsOver) {
  const auto events = ReadEvents("ttl_dedup", kSource, 1);
  std::map<std::string, int64_t> passed;
  std::vector<std::string> rows;
  int again = 0;
  int dropped = 0;
  for (const OwnedEvent& event : events) {
    const auto found = passed.find(event.key);
    if (found != passed.end() && found->second + kTtlMs > event.time_ms) {
      ++dropped;
      continue;
    }
    if (found != passed.end()) ++again;
    passed[event.key] = event.time_ms;
    rows.push_back(RowBuilder().Prefixed(event.key).Number(event.time_ms).Build());
  }
  ASSERT_GT(again, 200);
  ASSERT_GT(dropped, 200);
  ExpectOutput("ttl_dedup", WithTtl({}), events, rows, std::nullopt);
}

TEST(TtlDedupTest, AKeyExpiresExactlyAtItsBoundary) {
  const std::vector<OwnedEvent> events = {{0, "k", ""}, {kTtlMs - 1, "k", ""}, {kTtlMs, "k", ""}};
  const std::vector<std::string> rows = {RowBuilder().Prefixed("k").Number(0).Build(),
                                         RowBuilder().Prefixed("k").Number(kTtlMs).Build()};
  ExpectOutput("ttl_dedup", WithTtl({}), events, rows, 1);
}

TEST(TtlSessionStoreTest, AReadKeepsASessionAlive) {
  const auto events = ReadEvents("ttl_session_store", kSource, 1);
  std::map<std::string, Timed> sessions;
  std::vector<std::string> rows;
  int found = 0;
  int expired = 0;
  for (const OwnedEvent& event : events) {
    const auto session = sessions.find(event.key);
    const bool live = session != sessions.end() && session->second.IsLive(event.time_ms);
    expired += session != sessions.end() && !live ? 1 : 0;
    RowBuilder row;
    row.Prefixed(event.key).Byte(live ? 1 : 0);
    if (live) {
      ++found;
      row.Bytes(session->second.value);
      session->second.time_ms = event.time_ms;
    }
    rows.push_back(row.Build());
    if (!live || HashEvent(event.time_ms, event.key, event.value) % 100 < 20) {
      sessions[event.key] = {event.value, event.time_ms};
    }
  }
  ASSERT_GT(found, 500);
  ASSERT_GT(expired, 200);
  ExpectOutput("ttl_session_store", WithTtl({{"write_percent", "20"}}), events, rows, std::nullopt);
}

TEST(TtlEventListTest, ElementsExpireOneByOne) {
  const auto events = ReadEvents("ttl_event_list", kSource, 1);
  std::map<std::string, std::vector<Timed>> lists;
  std::vector<std::string> rows;
  int partly = 0;
  for (const OwnedEvent& event : events) {
    auto& list = lists[event.key];
    list.push_back({event.value, event.time_ms});
    if (HashEvent(event.time_ms, event.key, event.value) % 2 != 0) continue;
    RowBuilder row;
    row.Prefixed(event.key);
    size_t live = 0;
    for (const Timed& element : list) {
      if (!element.IsLive(event.time_ms)) continue;
      ++live;
      row.Prefixed(element.value);
    }
    partly += live > 1 && live < list.size() ? 1 : 0;
    rows.push_back(row.Build());
  }
  ASSERT_GT(partly, 200);
  ExpectOutput("ttl_event_list", WithTtl({{"read_every", "2"}}), events, rows, std::nullopt);
}

TEST(TtlFeatureMapTest, EntriesExpireOneByOne) {
  Parameters source = kSource;
  source["keys"] = "50";
  const auto events = ReadEvents("ttl_feature_map", source, 1);
  std::map<std::string, std::map<int64_t, Timed>> maps;
  std::vector<std::string> rows;
  int hits = 0;
  int expired = 0;
  for (const OwnedEvent& event : events) {
    const uint64_t hash = HashEvent(event.time_ms, event.key, event.value);
    const auto feature = static_cast<int64_t>((hash >> 32) % 8);
    const uint64_t percent = (hash & 0xffffffff) % 100;
    auto& map = maps[event.key];
    RowBuilder row;
    row.Prefixed(event.key);
    if (percent < 40) {
      map[feature] = {event.value, event.time_ms};
      continue;
    }
    if (percent < 60) {
      for (const auto& [number, value] : map) {
        if (value.IsLive(event.time_ms)) row.Number(number).Prefixed(value.value);
      }
    } else {
      const auto found = map.find(feature);
      const bool live = found != map.end() && found->second.IsLive(event.time_ms);
      hits += live ? 1 : 0;
      expired += found != map.end() && !live ? 1 : 0;
      row.Number(feature).Byte(live ? 1 : 0);
      if (live) row.Bytes(found->second.value);
    }
    rows.push_back(row.Build());
  }
  ASSERT_GT(hits, 200);
  ASSERT_GT(expired, 100);
  const Parameters parameters = {{"features", "8"}, {"put_percent", "40"}, {"scan_percent", "20"}};
  ExpectOutput("ttl_feature_map", WithTtl(parameters), events, rows, std::nullopt);
}

TEST(TtlFeatureMapTest, RefusesSharesThatSumToMoreThanAll) {
  const auto spec = FindWorkload("ttl_feature_map");
  ASSERT_TRUE(spec.ok());
  EXPECT_TRUE((*spec)->make_operator({{"put_percent", "95"}}).ok());
  EXPECT_EQ((*spec)->make_operator({{"put_percent", "96"}}).status().code(), StatusCode::kInvalidArgument);
}

TEST(TtlColdKeysTest, MostKeysAreWrittenOnceAndNeverTouchedAgain) {
  Parameters source = kSource;
  source["active_percent"] = "2";
  const auto events = ReadEvents("ttl_cold_keys", source, 1);
  std::map<std::string, Timed> values;
  std::map<std::string, int> touched;
  std::vector<std::string> rows;
  for (const OwnedEvent& event : events) {
    ++touched[event.key];
    const auto found = values.find(event.key);
    const bool live = found != values.end() && found->second.IsLive(event.time_ms);
    RowBuilder row;
    row.Prefixed(event.key).Byte(live ? 1 : 0);
    if (live) row.Bytes(found->second.value);
    rows.push_back(row.Build());
    values[event.key] = {event.value, event.time_ms};
  }
  int once = 0;
  for (const auto& [key, times] : touched) once += times == 1 ? 1 : 0;
  EXPECT_EQ(touched.size(), 500u);
  EXPECT_EQ(once, 490);
  ExpectOutput("ttl_cold_keys", WithTtl({}), events, rows, std::nullopt);
}

}  // namespace
}  // namespace kvstate::workloads

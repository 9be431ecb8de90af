// The operator with timers, against a plain set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"

namespace kvstate::workloads {
namespace {

class KeyTimersTest : public ::testing::TestWithParam<std::string> {};

TEST_P(KeyTimersTest, EachTimerFiresInItsTurnAndComesBack) {
  for (const int64_t per_key : {1, 10, 100}) {
    const auto events = ReadEvents("key_timers", {{"events", "600"}, {"keys", "20"}}, 1);
    constexpr int64_t kPeriodMs = 50;
    std::set<std::pair<int64_t, std::string>> timers;
    std::set<std::string> seen;
    std::vector<std::string> rows;
    int64_t watermark = INT64_MIN;
    for (const OwnedEvent& event : events) {
      watermark = std::max(watermark, event.time_ms - 1);
      while (!timers.empty() && timers.begin()->first <= watermark) {
        const auto [timestamp, key] = *timers.begin();
        timers.erase(timers.begin());
        rows.push_back(RowBuilder().Prefixed(key).Number(timestamp).Build());
        timers.emplace(timestamp + per_key * kPeriodMs, key);
      }
      if (!seen.insert(event.key).second) continue;
      for (int64_t i = 1; i <= per_key; ++i) timers.emplace(event.time_ms + i * kPeriodMs, event.key);
    }
    ASSERT_GT(rows.size(), 150u);
    EXPECT_EQ(timers.size(), static_cast<size_t>(20 * per_key));
    ExpectOutput("key_timers",
                 {{"timers_per_key", std::to_string(per_key)},
                  {"period_ms", std::to_string(kPeriodMs)},
                  {"timer_storage", GetParam()}},
                 events, rows, std::nullopt);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, KeyTimersTest, ::testing::Values("heap", "backend"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace kvstate::workloads

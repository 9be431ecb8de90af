#include "workloads/sources/two_sided_source.h"

#define XXH_INLINE_ALL
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kvstate/bytes.h"
#include "tests/unit/workloads/operator_testing.h"

namespace kvstate::workloads {
namespace {

uint64_t DigestOf(const std::vector<OwnedEvent>& events) {
  uint64_t digest = 0;
  for (const OwnedEvent& event : events) {
    const std::string bytes =
        RowBuilder().Number(event.time_ms).Number(event.stream).Prefixed(event.key).Prefixed(event.value).Build();
    digest = XXH3_64bits_withSeed(bytes.data(), bytes.size(), digest);
  }
  return digest;
}

std::vector<uint64_t> CountsOfStreams(const std::vector<OwnedEvent>& events) {
  std::vector<uint64_t> counts(4);
  for (const OwnedEvent& event : events) ++counts.at(event.stream);
  return counts;
}

/// Never to be changed: results that were measured refer to these streams.
TEST(TwoSidedSourceTest, GivesTheSameStreamByteForByteOnEveryMachine) {
  const Parameters plain = {{"events", "10000"}, {"keys", "1000"}, {"value_bytes", "20"}};
  EXPECT_EQ(DigestOf(ReadEvents("tumbling_join", plain, 1)), 0xf19afd5c73654fbcu);
  EXPECT_EQ(DigestOf(ReadEvents("tumbling_join", plain, 2)), 0xf75430de6c1d562cu);
  Parameters retracting = plain;
  retracting.insert({{"right_percent", "20"}, {"retract_percent", "40"}, {"retractable_rows", "50"}});
  EXPECT_EQ(DigestOf(ReadEvents("continuous_join", retracting, 1)), 0x5a0c6dfe74ce5ff1u);
}

TEST(TwoSidedSourceTest, EachSideHasItsShareAndBothHaveTheKeysOfOneDistribution) {
  const auto events = ReadEvents("tumbling_join", {{"events", "20000"}, {"keys", "50"}, {"right_percent", "30"}}, 1);
  const auto counts = CountsOfStreams(events);
  EXPECT_NEAR(static_cast<double>(counts[1]), 6000, 200);
  EXPECT_EQ(counts[0] + counts[1], 20000u);
  std::set<std::tuple<uint32_t, std::string>> keys;
  for (const OwnedEvent& event : events) keys.insert({event.stream, event.key});
  EXPECT_EQ(keys.size(), 100u);
}

TEST(TwoSidedSourceTest, ASideMayHaveAllEventsOrNone) {
  EXPECT_EQ(CountsOfStreams(ReadEvents("tumbling_join", {{"events", "500"}, {"right_percent", "100"}}, 1))[1], 500u);
  EXPECT_EQ(CountsOfStreams(ReadEvents("tumbling_join", {{"events", "500"}, {"right_percent", "0"}}, 1))[0], 500u);
}

TEST(TwoSidedSourceTest, SidesLeaveTimesKeysAndPayloadsAsTheyAre) {
  const Parameters parameters = {{"events", "500"}, {"value_bytes", "8"}, {"out_of_order_ms", "100"}};
  const auto rows = ReadEvents("list_append", parameters, 5);
  const auto sides = ReadEvents("tumbling_join", parameters, 5);
  ASSERT_EQ(rows.size(), sides.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].time_ms, sides[i].time_ms);
    EXPECT_EQ(rows[i].value, sides[i].value);
  }
}

TEST(TwoSidedSourceTest, ARetractionTakesBackARowThatIsThere) {
  const auto events =
      ReadEvents("continuous_join", {{"events", "20000"}, {"retract_percent", "40"}, {"value_bytes", "3"}}, 3);
  const auto counts = CountsOfStreams(events);
  EXPECT_NEAR(static_cast<double>(counts[2] + counts[3]), 8000, 250);
  EXPECT_NEAR(static_cast<double>(counts[2]), static_cast<double>(counts[3]), 400);
  std::map<std::tuple<uint32_t, std::string, std::string>, int> rows;
  for (const OwnedEvent& event : events) {
    int& copies = rows[{event.stream % 2, event.key, event.value}];
    copies += event.stream < 2 ? 1 : -1;
    ASSERT_GE(copies, 0);
  }
}

TEST(TwoSidedSourceTest, NoMoreRowsAreThereWhenAllAreTakenBackAgain) {
  // The first event has nothing to take back, and each one after it takes back what the one before gave.
  const auto events = ReadEvents("continuous_join", {{"events", "10"}, {"retract_percent", "100"}}, 3);
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].stream / 2, i % 2);
}

TEST(TwoSidedSourceTest, FillsTheTableOfATemporalJoin) {
  const auto events = ReadEvents("temporal_join", {{"events", "1000"}, {"keys", "200"}, {"fill", "yes"}}, 3);
  std::set<std::string> filled;
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(events[i].stream, 1u);
    filled.insert(events[i].key);
  }
  EXPECT_EQ(filled.size(), 200u);
  const auto counts = CountsOfStreams(events);
  EXPECT_NEAR(static_cast<double>(counts[1]), 280, 40);
}

TEST(TwoSidedSourceTest, RefusesWhatSaysNothing) {
  const auto spec = FindWorkload("continuous_join");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ((*spec)->make_source({{"retractable_rows", "5"}}, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ((*spec)->make_source({{"right_percent", "101"}}, 1).status().code(), StatusCode::kInvalidArgument);
  const auto windowed = FindWorkload("tumbling_join");
  ASSERT_TRUE(windowed.ok());
  EXPECT_EQ((*windowed)->make_source({{"retract_percent", "5"}}, 1).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kvstate::workloads

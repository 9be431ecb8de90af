// The joins, each against a reference that looks through all events.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/bytes.h"
#include "tests/unit/workloads/join_reference.h"
#include "tests/unit/workloads/operator_testing.h"

namespace kvstate::workloads {
namespace {

Parameters EventTime(Parameters own, const JoinReferenceOptions& options, const std::string& timer_storage = "heap") {
  own["out_of_order_ms"] = std::to_string(options.bound_ms);
  own["watermark_interval_ms"] = std::to_string(options.interval_ms);
  own["timer_storage"] = timer_storage;
  return own;
}

Parameters Source(Parameters own = {}) {
  own.insert({{"events", "2500"}, {"keys", "15"}, {"value_bytes", "9"}, {"out_of_order_ms", "120"}});
  return own;
}

/// Of the events, those that lie at the watermark and just before and after it among them, all of one key.
std::vector<OwnedEvent> AtEdges(std::initializer_list<std::pair<int64_t, uint32_t>> times_and_streams) {
  std::vector<OwnedEvent> events;
  for (const auto& [time_ms, stream] : times_and_streams) {
    events.push_back({time_ms, "k", "v" + std::to_string(events.size()), stream});
  }
  return events;
}

TEST(TumblingJoinTest, JoinsEachPairOfAWindow) {
  const JoinReferenceOptions options{.bound_ms = 120, .length_ms = 100, .slide_ms = 100};
  const auto events = ReadEvents("tumbling_join", Source(), 1);
  const JoinRows expected = WindowJoinReference(events, options);
  ASSERT_EQ(expected.late, 0);
  ASSERT_GT(expected.pairs, 3000);
  ExpectOutput("tumbling_join", EventTime({{"window_ms", "100"}}, options), events, expected.rows, 0);
}

TEST(TumblingJoinTest, DropsWhatComesAfterItsWindowFired) {
  const JoinReferenceOptions options{.bound_ms = 20, .interval_ms = 30, .length_ms = 100, .slide_ms = 100};
  const auto events = ReadEvents("tumbling_join", Source({{"right_percent", "25"}}), 2);
  const JoinRows expected = WindowJoinReference(events, options);
  ASSERT_GT(expected.late, 100);
  ASSERT_GT(expected.pairs, 1000);
  ExpectOutput("tumbling_join", EventTime({{"window_ms", "100"}}, options, "backend"), events, expected.rows, 0);
}

TEST(SlidingJoinTest, JoinsAPairInEachWindowThatHasBoth) {
  const JoinReferenceOptions options{.bound_ms = 10, .length_ms = 100, .slide_ms = 30};
  const auto events = ReadEvents("sliding_join", Source(), 3);
  const JoinRows expected = WindowJoinReference(events, options);
  ASSERT_GT(expected.late, 10);
  ASSERT_GT(expected.pairs, 4000);
  ExpectOutput("sliding_join", EventTime({{"window_ms", "100"}, {"slide_ms", "30"}}, options), events, expected.rows,
               0);
}

TEST(WindowJoinTest, ASideThatIsAloneEmitsNothing) {
  const JoinReferenceOptions options{.bound_ms = 0, .length_ms = 10, .slide_ms = 10};
  const auto events = AtEdges({{0, 0}, {9, 0}, {10, 1}, {19, 1}, {25, 0}, {29, 1}, {19, 0}, {30, 1}});
  const JoinRows expected = WindowJoinReference(events, options);
  ASSERT_EQ(expected.pairs, 1);
  ASSERT_EQ(expected.late, 1);
  ExpectOutput("tumbling_join", EventTime({{"window_ms", "10"}}, options), events, expected.rows, 0);
}

TEST(IntervalJoinTest, JoinsEachPairWithinTheBounds) {
  const auto events = ReadEvents("interval_join", Source(), 4);
  const std::pair<int64_t, int64_t> bounds[] = {{-60, 40}, {0, 0}, {10, 90}, {-90, -10}};
  for (const auto& [lower_ms, upper_ms] : bounds) {
    SCOPED_TRACE(lower_ms);
    const JoinReferenceOptions options{.bound_ms = 120, .lower_ms = lower_ms, .upper_ms = upper_ms};
    const JoinRows expected = IntervalJoinReference(events, options);
    ASSERT_EQ(expected.late, 0);
    ASSERT_EQ(expected.lost, 0);
    ASSERT_GT(expected.pairs, lower_ms == upper_ms ? 20 : 1000);
    ExpectOutput("interval_join",
                 EventTime({{"lower_bound_ms", std::to_string(lower_ms)}, {"upper_bound_ms", std::to_string(upper_ms)}},
                           options),
                 events, expected.rows, 0);
  }
}

TEST(IntervalJoinTest, DropsWhatIsBeforeTheWatermark) {
  const JoinReferenceOptions options{.bound_ms = 15, .interval_ms = 10, .lower_ms = -60, .upper_ms = 40};
  const auto events = ReadEvents("interval_join", Source({{"right_percent", "70"}}), 5);
  const JoinRows expected = IntervalJoinReference(events, options);
  ASSERT_GT(expected.late, 500);
  ASSERT_GT(expected.pairs, 200);
  ExpectOutput("interval_join", EventTime({{"lower_bound_ms", "-60"}, {"upper_bound_ms", "40"}}, options, "backend"),
               events, expected.rows, 0);
}

TEST(IntervalJoinTest, AnEventAtTheWatermarkIsTakenButMayFindTheOtherSideCleanedUp) {
  // The watermark is 9 after an event at 10: one at 9 is not late, one at 8 is, and a left one at 9 is cleaned up.
  const JoinReferenceOptions options{.bound_ms = 0, .lower_ms = 0, .upper_ms = 0};
  const auto events = AtEdges({{9, 0}, {10, 0}, {9, 1}, {9, 0}, {8, 1}, {10, 1}, {9, 0}, {12, 1}, {9, 1}, {12, 0}});
  const JoinRows expected = IntervalJoinReference(events, options);
  ASSERT_EQ(expected.lost, 1);
  ASSERT_EQ(expected.late, 2);
  ASSERT_EQ(expected.pairs, 4);
  ExpectOutput("interval_join", EventTime({{"lower_bound_ms", "0"}, {"upper_bound_ms", "0"}}, options), events,
               expected.rows, 0);
}

uint64_t KeysOf(const std::vector<OwnedEvent>& events, uint32_t stream) {
  std::set<std::string> keys;
  for (const OwnedEvent& event : events) {
    if (event.stream == stream) keys.insert(event.key);
  }
  return keys.size();
}

TEST(TemporalJoinTest, JoinsEachEventWithTheVersionValidAtItsTime) {
  for (const char* type : {"inner", "left"}) {
    const JoinReferenceOptions options{.bound_ms = 120, .left_is_outer = type == std::string("left")};
    const auto events = ReadEvents("temporal_join", Source({{"right_percent", "20"}}), 6);
    const JoinRows expected = TemporalJoinReference(events, options);
    ASSERT_EQ(expected.late, 0);
    // The last version of each key stays, and the number of its left events.
    ExpectOutput("temporal_join", EventTime({{"join_type", type}}, options), events, expected.rows,
                 KeysOf(events, 0) + KeysOf(events, 1));
    // No event was late, so that each was joined with the latest version at its time of all there are.
    int64_t joined = 0;
    for (const OwnedEvent& left : events) {
      joined += left.stream == 0 && std::any_of(events.begin(), events.end(), [&](const OwnedEvent& right) {
                  return right.stream == 1 && right.key == left.key && right.time_ms <= left.time_ms;
                });
    }
    const auto lefts = std::count_if(events.begin(), events.end(), [](const auto& event) { return event.stream == 0; });
    ASSERT_LT(joined, lefts);
    EXPECT_EQ(expected.pairs, options.left_is_outer ? lefts : joined);
  }
}

TEST(TemporalJoinTest, LateEventsJoinWhatVersionsAreLeft) {
  const JoinReferenceOptions options{.bound_ms = 10, .interval_ms = 25, .left_is_outer = true};
  const auto events = ReadEvents("temporal_join", Source({{"right_percent", "50"}}), 7);
  const JoinRows expected = TemporalJoinReference(events, options);
  ASSERT_GT(expected.lost, 500);
  ExpectOutput("temporal_join", EventTime({{"join_type", "left"}}, options, "backend"), events, expected.rows,
               KeysOf(events, 0) + KeysOf(events, 1));
}

TEST(TemporalJoinTest, VersionsBeforeTheEpochAreInOrderToo) {
  const JoinReferenceOptions options{.bound_ms = 5, .left_is_outer = true};
  const auto events = AtEdges({{-20, 1}, {-10, 1}, {-15, 0}, {-1, 0}, {2, 1}, {1, 0}, {9, 0}, {3, 0}});
  const JoinRows expected = TemporalJoinReference(events, options);
  ASSERT_EQ(expected.pairs, 5);
  ExpectOutput("temporal_join", EventTime({{"join_type", "left"}}, options), events, expected.rows, 2);
}

/// Rows that are there after all changes: how often each.
std::map<std::string, int64_t> Apply(const std::vector<std::string>& changes) {
  std::map<std::string, int64_t> view;
  for (const std::string& change : changes) {
    const std::string row = change.substr(1);
    view[row] += change[0] == 0 ? 1 : -1;
    EXPECT_GE(view[row], 0) << "taken back before it was there";
    if (view[row] == 0) view.erase(row);
  }
  return view;
}

/// The join, at once, of the rows that are left in the end.
std::map<std::string, int64_t> JoinAtOnce(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options) {
  std::map<std::string, std::vector<std::string>> sides[2];
  for (const OwnedEvent& event : events) {
    auto& rows = sides[event.stream % 2][event.key];
    if (event.stream < 2) {
      rows.push_back(event.value);
    } else {
      rows.erase(std::find(rows.begin(), rows.end(), event.value));
    }
  }
  std::map<std::string, int64_t> view;
  for (const OwnedEvent& event : events) {
    const std::vector<std::string> lefts = std::exchange(sides[0][event.key], {});
    const std::vector<std::string> rights = std::exchange(sides[1][event.key], {});
    for (const std::string& left : lefts) {
      for (const std::string& right : rights) {
        ++view[RowBuilder().Prefixed(event.key).Byte(1).Prefixed(left).Byte(1).Prefixed(right).Build()];
      }
      if (rights.empty() && options.left_is_outer) {
        ++view[RowBuilder().Prefixed(event.key).Byte(1).Prefixed(left).Byte(0).Build()];
      }
    }
    for (const std::string& right : rights) {
      if (lefts.empty() && options.right_is_outer) {
        ++view[RowBuilder().Prefixed(event.key).Byte(0).Byte(1).Prefixed(right).Build()];
      }
    }
  }
  return view;
}

struct JoinType {
  std::string name;
  bool left_is_outer = false;
  bool right_is_outer = false;
};

class ContinuousJoinTest : public ::testing::TestWithParam<JoinType> {
 protected:
  static uint64_t DistinctRowsLeft(const std::vector<OwnedEvent>& events) {
    std::map<std::tuple<uint32_t, std::string, std::string>, int> rows;
    for (const OwnedEvent& event : events) {
      rows[{event.stream % 2, event.key, event.value}] += event.stream < 2 ? 1 : -1;
    }
    return static_cast<uint64_t>(
        std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.second > 0; }));
  }

  static void Check(const Parameters& source, uint64_t seed) {
    const JoinReferenceOptions options{.left_is_outer = GetParam().left_is_outer,
                                       .right_is_outer = GetParam().right_is_outer};
    const auto events = ReadEvents("continuous_join", source, seed);
    const JoinRows expected = ContinuousJoinReference(events, options);
    ASSERT_GT(expected.pairs, 500);
    EXPECT_EQ(Apply(expected.rows), JoinAtOnce(events, options));
    ExpectOutput("continuous_join", {{"join_type", GetParam().name}}, events, expected.rows, DistinctRowsLeft(events));
  }
};

TEST_P(ContinuousJoinTest, JoinsEachRowWithAllOfTheOtherSide) {
  Check({{"events", "1500"}, {"keys", "150"}, {"value_bytes", "9"}}, 8);
}

TEST_P(ContinuousJoinTest, ARetractedRowTakesBackWhatItWasJoinedWith) {
  Check({{"events", "3000"},
         {"keys", "150"},
         {"value_bytes", "9"},
         {"right_percent", "30"},
         {"retract_percent", "45"},
         {"retractable_rows", "400"}},
        9);
}

TEST_P(ContinuousJoinTest, CopiesOfARowAreCounted) {
  // Payloads of no and of 1 byte are alike again and again; two lengths differ in the order of their bytes.
  Check({{"events", "2500"},
         {"keys", "60"},
         {"value_size", "uniform"},
         {"value_bytes_max", "1"},
         {"value_random_percent", "1"},
         {"retract_percent", "48"}},
        10);
}

INSTANTIATE_TEST_SUITE_P(Types, ContinuousJoinTest,
                         ::testing::Values(JoinType{"inner", false, false}, JoinType{"left", true, false},
                                           JoinType{"full", true, true}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kvstate::workloads

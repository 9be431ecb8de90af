// The operators on event time, each against plain counting.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"
#include "tests/unit/workloads/window_reference.h"

namespace kvstate::workloads {
namespace {

/// Rows that fire in order of their window's end, then of the key; and after them the late events.
class WindowRows {
 public:
  void Add(int64_t end_ms, const std::string& key, const std::string& row) { rows_[{end_ms, key}] = row; }
  void AddLate() { ++late_; }
  int64_t late() const { return late_; }
  std::vector<std::string> InOrder() const {
    std::vector<std::string> rows;
    for (const auto& [end_and_key, row] : rows_) rows.push_back(row);
    if (late_ > 0) rows.push_back(RowBuilder().Number(late_).Build());
    return rows;
  }

 private:
  std::map<std::pair<int64_t, std::string>, std::string> rows_;
  int64_t late_ = 0;
};

WindowRows TumblingReference(const std::vector<OwnedEvent>& events, int64_t window_ms, int64_t bound_ms,
                             int64_t interval_ms = 0) {
  WindowRows rows;
  ReferenceWatermark watermark(bound_ms, interval_ms);
  std::map<std::pair<int64_t, std::string>, int64_t> counts;
  for (const OwnedEvent& event : events) {
    int64_t start = event.time_ms / window_ms * window_ms;
    if (start > event.time_ms) start -= window_ms;
    if (watermark.HasPassed(start + window_ms - 1)) {
      rows.AddLate();
      continue;
    }
    ++counts[{start, event.key}];
    watermark.Observe(event.time_ms);
  }
  for (const auto& [start_and_key, count] : counts) {
    const auto& [start, key] = start_and_key;
    rows.Add(start + window_ms, key, RowBuilder().Prefixed(key).Number(start).Number(count).Build());
  }
  return rows;
}

/// All sessions of each key are kept, the fired ones too; an event joins those that the watermark has not passed.
WindowRows SessionReference(const std::vector<OwnedEvent>& events, int64_t gap_ms, int64_t bound_ms, int* merges,
                            int64_t interval_ms = 0) {
  struct Session {
    int64_t start;
    int64_t end;
    int64_t count;
  };
  WindowRows rows;
  ReferenceWatermark watermark(bound_ms, interval_ms);
  std::map<std::string, std::vector<Session>> sessions;
  for (const OwnedEvent& event : events) {
    auto& of_key = sessions[event.key];
    Session joined{event.time_ms, event.time_ms + gap_ms, 1};
    std::vector<Session> apart;
    int met = 0;
    for (const Session& session : of_key) {
      const bool open = !watermark.HasPassed(session.end - 1);
      if (!open || session.start > event.time_ms + gap_ms || session.end < event.time_ms) {
        apart.push_back(session);
        continue;
      }
      ++met;
      joined = {std::min(joined.start, session.start), std::max(joined.end, session.end), joined.count + session.count};
    }
    if (met == 0 && watermark.HasPassed(joined.end - 1)) {
      rows.AddLate();
      continue;
    }
    if (met > 1) ++*merges;
    apart.push_back(joined);
    of_key = apart;
    watermark.Observe(event.time_ms);
  }
  for (const auto& [key, of_key] : sessions) {
    for (const Session& session : of_key) {
      rows.Add(session.end, key,
               RowBuilder().Prefixed(key).Number(session.start).Number(session.end).Number(session.count).Build());
    }
  }
  return rows;
}

Parameters SourceWithDisorder(const std::string& out_of_order_ms) {
  return {{"events", "3000"}, {"keys", "25"}, {"out_of_order_ms", out_of_order_ms}};
}

Parameters Operator(const std::string& length_name, int64_t length_ms, int64_t bound_ms, int64_t interval_ms = 0,
                    const std::string& timer_storage = "heap") {
  return {{length_name, std::to_string(length_ms)},
          {"out_of_order_ms", std::to_string(bound_ms)},
          {"watermark_interval_ms", std::to_string(interval_ms)},
          {"timer_storage", timer_storage}};
}

TEST(TumblingCountTest, CountsEveryEventWithinTheBound) {
  const auto events = ReadEvents("tumbling_count", SourceWithDisorder("150"), 1);
  const WindowRows rows = TumblingReference(events, 100, 150);
  ASSERT_EQ(rows.late(), 0);
  ExpectOutput("tumbling_count", Operator("window_ms", 100, 150), events, rows.InOrder(), 0);
}

TEST(TumblingCountTest, DropsAndCountsWhatComesAfterItsWindowFired) {
  const auto events = ReadEvents("tumbling_count", SourceWithDisorder("300"), 1);
  const WindowRows rows = TumblingReference(events, 100, 50);
  ASSERT_GT(rows.late(), 100);
  ExpectOutput("tumbling_count", Operator("window_ms", 100, 50), events, rows.InOrder(), 0);
}

TEST(TumblingCountTest, WatermarksAnIntervalApartFireInBursts) {
  const auto events = ReadEvents("tumbling_count", SourceWithDisorder("300"), 1);
  const WindowRows rows = TumblingReference(events, 100, 50, 250);
  ASSERT_GT(rows.late(), 50);
  ASSERT_LT(rows.late(), TumblingReference(events, 100, 50).late());
  for (const char* storage : {"heap", "backend"}) {
    ExpectOutput("tumbling_count", Operator("window_ms", 100, 50, 250, storage), events, rows.InOrder(), 0);
  }
}

TEST(TumblingCountTest, TakesTimesBeforeTheEpochAndTheEdgesOfWindows) {
  const std::vector<OwnedEvent> events = {{-101, "b", ""}, {-100, "b", ""}, {-1, "a", ""},
                                          {0, "b", ""},    {99, "b", ""},   {100, "", ""}};
  const std::vector<std::string> rows = {RowBuilder().Prefixed("b").Number(-200).Number(1).Build(),
                                         RowBuilder().Prefixed("a").Number(-100).Number(1).Build(),
                                         RowBuilder().Prefixed("b").Number(-100).Number(1).Build(),
                                         RowBuilder().Prefixed("b").Number(0).Number(2).Build(),
                                         RowBuilder().Prefixed("").Number(100).Number(1).Build()};
  EXPECT_EQ(TumblingReference(events, 100, 0).InOrder(), rows);
  ExpectOutput("tumbling_count", Operator("window_ms", 100, 0), events, rows, 0);
}

TEST(SessionWindowsTest, MergesWhatEventsOutOfOrderJoin) {
  const auto events = ReadEvents("session_windows", SourceWithDisorder("150"), 1);
  int merges = 0;
  const WindowRows rows = SessionReference(events, 20, 150, &merges);
  ASSERT_EQ(rows.late(), 0);
  ASSERT_GT(merges, 100);
  ExpectOutput("session_windows", Operator("gap_ms", 20, 150), events, rows.InOrder(), 0);
}

TEST(SessionWindowsTest, DropsLateEventsThatJoinNoOpenSession) {
  const auto events = ReadEvents("session_windows", SourceWithDisorder("300"), 1);
  int merges = 0;
  const WindowRows rows = SessionReference(events, 20, 80, &merges);
  ASSERT_GT(rows.late(), 100);
  ASSERT_GT(merges, 10);
  ExpectOutput("session_windows", Operator("gap_ms", 20, 80), events, rows.InOrder(), 0);
}

TEST(SessionWindowsTest, WatermarksAnIntervalApartFireInBursts) {
  const auto events = ReadEvents("session_windows", SourceWithDisorder("300"), 1);
  int merges = 0;
  const WindowRows rows = SessionReference(events, 20, 80, &merges, 250);
  ASSERT_GT(rows.late(), 50);
  for (const char* storage : {"heap", "backend"}) {
    ExpectOutput("session_windows", Operator("gap_ms", 20, 80, 250, storage), events, rows.InOrder(), 0);
  }
}

TEST(SessionWindowsTest, LateEventsMergeTheSessionsTheyJoin) {
  // Three sessions of "k" apart by more than the gap, joined by two events that come late; "j" stays by itself.
  const std::vector<OwnedEvent> events = {{100, "k", ""}, {125, "k", ""}, {150, "k", ""}, {115, "j", ""},
                                          {110, "k", ""}, {135, "k", ""}, {140, "k", ""}, {500, "j", ""}};
  int merges = 0;
  const std::vector<std::string> rows = {
      RowBuilder().Prefixed("j").Number(115).Number(135).Number(1).Build(),
      RowBuilder().Prefixed("k").Number(100).Number(170).Number(6).Build(),
      RowBuilder().Prefixed("j").Number(500).Number(520).Number(1).Build(),
  };
  EXPECT_EQ(SessionReference(events, 20, 100, &merges).InOrder(), rows);
  ExpectOutput("session_windows", Operator("gap_ms", 20, 100), events, rows, 0);
}

TEST(SessionWindowsTest, AJoinOfThreeSessionsByOneEventKeepsEveryCount) {
  // 115 reaches back to touch the session that ends at 115, and forward to the one that starts at 135.
  const std::vector<OwnedEvent> events = {{95, "k", ""}, {135, "k", ""}, {95, "k", ""}, {115, "k", ""}};
  int merges = 0;
  const std::vector<std::string> rows = {RowBuilder().Prefixed("k").Number(95).Number(155).Number(4).Build()};
  EXPECT_EQ(SessionReference(events, 20, 100, &merges).InOrder(), rows);
  EXPECT_EQ(merges, 1);
  ExpectOutput("session_windows", Operator("gap_ms", 20, 100), events, rows, 0);
}

}  // namespace
}  // namespace kvstate::workloads

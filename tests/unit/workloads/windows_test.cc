// Window operators on every backend, against windows that keep their events and are looked through one by one.
#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"
#include "tests/unit/workloads/window_reference.h"
#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

struct Case {
  std::string workload;
  Parameters own;  ///< What differs from the defaults, besides lengths and event time.
  WindowResult result;
  bool panes = false;
  std::string name() const {
    std::string name = workload;
    for (const auto& [key, value] : own) name += "_" + value;
    return name;
  }
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name(); }

std::vector<Case> Cases() {
  return {
      {"tumbling_incremental", {{"aggregate", "reducing"}}, SumOfMeasures()},
      {"tumbling_incremental", {{"aggregate", "aggregating"}}, MeanOfMeasures()},
      {"tumbling_incremental", {{"aggregate", "value"}}, SumOfMeasures()},
      {"tumbling_holistic", {{"percentile", "50"}}, CountAndPercentile(50)},
      {"tumbling_holistic", {{"percentile", "0"}}, CountAndPercentile(0)},
      {"tumbling_holistic", {{"percentile", "99"}}, CountAndPercentile(99)},
      {"sliding_incremental", {{"aggregate", "reducing"}}, SumOfMeasures()},
      {"sliding_incremental", {{"aggregate", "aggregating"}}, MeanOfMeasures()},
      {"sliding_incremental", {{"aggregate", "value"}}, SumOfMeasures()},
      {"sliding_panes", {{"aggregate", "reducing"}}, SumOfMeasures(), true},
      {"sliding_panes", {{"aggregate", "aggregating"}}, MeanOfMeasures(), true},
      {"sliding_panes", {{"aggregate", "value"}}, SumOfMeasures(), true},
      {"sliding_holistic", {{"percentile", "50"}}, CountAndPercentile(50)},
      {"session_incremental", {{"aggregate", "reducing"}}, SumOfMeasures()},
      {"session_incremental", {{"aggregate", "aggregating"}}, MeanOfMeasures()},
      {"session_holistic", {{"percentile", "50"}}, CountAndPercentile(50)},
  };
}

class WindowsTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int64_t kLengthMs = 120;
  static constexpr int64_t kSlideMs = 40;
  static constexpr int64_t kGapMs = 20;

  bool IsSession() const { return GetParam().workload.starts_with("session"); }
  bool IsSliding() const { return GetParam().workload.starts_with("sliding"); }

  std::vector<OwnedEvent> EventsUpTo(int64_t late_ms) const {
    return ReadEvents(
        GetParam().workload,
        {{"events", "1500"}, {"keys", "15"}, {"out_of_order_ms", std::to_string(late_ms)}, {"value_bytes", "8"}}, 1);
  }
  WindowReferenceOptions Reference(int64_t bound_ms) const {
    WindowReferenceOptions options;
    options.length_ms = kLengthMs;
    options.slide_ms = IsSliding() ? kSlideMs : kLengthMs;
    options.gap_ms = IsSession() ? kGapMs : 0;
    options.bound_ms = bound_ms;
    options.result = GetParam().result;
    return options;
  }
  /// Runs the workload with what `reference` has. Nothing is left in state at the end.
  void Expect(const std::vector<OwnedEvent>& events, const WindowReferenceOptions& reference,
              const std::string& timer_storage = "heap") {
    Parameters parameters = GetParam().own;
    if (IsSession()) {
      parameters["gap_ms"] = std::to_string(reference.gap_ms);
    } else {
      parameters["window_ms"] = std::to_string(reference.length_ms);
      if (IsSliding()) parameters["slide_ms"] = std::to_string(reference.slide_ms);
    }
    parameters["out_of_order_ms"] = std::to_string(reference.bound_ms);
    parameters["watermark_interval_ms"] = std::to_string(reference.interval_ms);
    parameters["allowed_lateness_ms"] = std::to_string(reference.lateness_ms);
    parameters["timer_storage"] = timer_storage;
    if (reference.purges) parameters["trigger"] = "fire_and_purge";
    WindowReference run(reference);
    const std::vector<std::string> rows = run.Run(events);
    ASSERT_GT(rows.size(), 100u);
    ExpectOutput(GetParam().workload, parameters, events, rows, 0);
  }
};

TEST_P(WindowsTest, EveryEventWithinTheBoundIsInItsWindows) {
  const auto events = EventsUpTo(60);
  const WindowReferenceOptions options = Reference(60);
  WindowReference reference(options);
  reference.Run(events);
  EXPECT_EQ(reference.late(), 0);
  EXPECT_EQ(reference.late_firings(), 0);
  if (IsSession()) {
    EXPECT_GT(reference.merges(), 20);
  }
  Expect(events, options);
}

TEST_P(WindowsTest, AnEventWhoseWindowsHaveAllFiredIsDroppedAndCounted) {
  const auto events = EventsUpTo(400);
  const WindowReferenceOptions options = Reference(20);
  WindowReference reference(options);
  reference.Run(events);
  EXPECT_GT(reference.late(), 50);
  Expect(events, options);
}

TEST_P(WindowsTest, WithinTheAllowedLatenessAWindowFiresAgain) {
  const auto events = EventsUpTo(400);
  WindowReferenceOptions options = Reference(20);
  options.lateness_ms = 150;
  WindowReference reference(options);
  reference.Run(events);
  EXPECT_GT(reference.late(), 10);
  EXPECT_GT(reference.late_firings(), 50);
  if (IsSession()) {
    EXPECT_GT(reference.revived(), 5);
  }
  Expect(events, options);
}

TEST_P(WindowsTest, WatermarksAnIntervalApartFireInBursts) {
  const auto events = EventsUpTo(400);
  WindowReferenceOptions options = Reference(20);
  options.lateness_ms = 90;
  options.interval_ms = 100;
  for (const char* storage : {"heap", "backend"}) Expect(events, options, storage);
}

TEST_P(WindowsTest, AWindowThatPurgesFiresWithWhatCameSince) {
  if (GetParam().panes) {
    const auto workload = FindWorkload(GetParam().workload);
    ASSERT_TRUE(workload.ok());
    EXPECT_FALSE((*workload)->make_operator({{"trigger", "fire_and_purge"}, {"allowed_lateness_ms", "5"}}).ok());
    return;
  }
  const auto events = EventsUpTo(400);
  WindowReferenceOptions options = Reference(20);
  options.lateness_ms = 150;
  options.purges = true;
  WindowReference kept(Reference(20));
  WindowReference purged(options);
  EXPECT_NE(kept.Run(events), purged.Run(events));
  Expect(events, options);
}

INSTANTIATE_TEST_SUITE_P(All, WindowsTest, ::testing::ValuesIn(Cases()),
                         [](const auto& instance) { return instance.param.name(); });

TEST(SlidingWindowsTest, ASlideThatDoesNotDivideTheLengthGivesEventsOneWindowMoreOrLess) {
  const auto events = ReadEvents("sliding_incremental", {{"events", "1000"}, {"keys", "10"}}, 2);
  WindowReferenceOptions options;
  options.length_ms = 100;
  options.slide_ms = 30;
  options.bound_ms = 200;
  options.result = SumOfMeasures();
  ExpectOutput("sliding_incremental",
               {{"window_ms", "100"}, {"slide_ms", "30"}, {"out_of_order_ms", "200"}, {"watermark_interval_ms", "0"}},
               events, WindowReference(options).Run(events), 0);
}

TEST(SlidingWindowsTest, PanesFireBeforeTheEpochAndAfterGaps) {
  const std::vector<OwnedEvent> events = {{-101, "b", ""}, {-100, "b", ""}, {-1, "a", ""}, {0, "b", ""},
                                          {99, "b", ""},   {100, "", ""},   {900, "b", ""}};
  WindowReferenceOptions options;
  options.length_ms = 200;
  options.slide_ms = 50;
  options.result = SumOfMeasures();
  ExpectOutput("sliding_panes",
               {{"window_ms", "200"}, {"slide_ms", "50"}, {"out_of_order_ms", "0"}, {"watermark_interval_ms", "0"}},
               events, WindowReference(options).Run(events), 0);
}

TEST(WindowParametersTest, WhatSaysNothingIsRefusedWithWhatIsAllowed) {
  ExpectRefused({
      {"tumbling_incremental", {{"trigger", "fire_and_purge"}}, "allowed_lateness_ms"},
      {"sliding_incremental", {{"window_ms", "100"}, {"slide_ms", "101"}}, "at most window_ms"},
      {"sliding_holistic", {{"window_ms", "100000"}, {"slide_ms", "9"}}, "10,000th"},
      {"sliding_panes", {{"window_ms", "100"}, {"slide_ms", "30"}}, "divides window_ms"},
      {"session_incremental", {{"aggregate", "value"}}, "reducing, aggregating"},
      {"session_holistic", {{"percentile", "101"}}, "100"},
  });
}

}  // namespace
}  // namespace kvstate::workloads

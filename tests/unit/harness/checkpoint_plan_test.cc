#include "harness/run/checkpoint_plan.h"

#include <gtest/gtest.h>

#include <vector>

#include "harness/replay/memory_trace.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

bool Never() { return false; }

/// A trace with one operation at each of the times.
class TraceAt {
 public:
  explicit TraceAt(const std::vector<int64_t>& times_ms, size_t filling = 0) { Fill(trace_, times_ms, filling); }
  operator TraceSource&() { return trace_; }

 private:
  static void Fill(MemoryTrace& trace, const std::vector<int64_t>& times_ms, size_t filling);
  MemoryTrace trace_;
};

void TraceAt::Fill(MemoryTrace& trace, const std::vector<int64_t>& times_ms, size_t filling) {
  EXPECT_OK(trace.Begin({RawBytesSerializer(), 128}));
  TraceState state;
  state.namespace_serializer = SerializerFor<VoidNamespace>();
  state.descriptor.name = "s";
  state.descriptor.value_serializer = SerializerFor<int64_t>();
  EXPECT_OK(trace.AddState(state));
  for (size_t i = 0; i < times_ms.size(); ++i) {
    if (i > 0 && i == filling) {
      EXPECT_OK(trace.EndFill());
    }
    EXPECT_OK(trace.Append({.operation = Operation::kGet, .time_ms = times_ms[i]}));
  }
  EXPECT_OK(trace.Finish());
}

std::vector<uint64_t> Plan(const std::vector<int64_t>& times_ms, const CheckpointSettings& settings,
                           size_t filling = 0) {
  TraceAt trace(times_ms, filling);
  const auto plan = PlanCheckpoints(trace, settings, Never);
  EXPECT_OK(plan);
  std::vector<uint64_t> operations;
  for (const CheckpointMoment& moment : *plan) operations.push_back(moment.operations);
  return operations;
}

using Operations = std::vector<uint64_t>;

TEST(CheckpointPlanTest, ByOperationsAfterEachIntervalAndAtTheEndOnce) {
  EXPECT_EQ(Plan({0, 0, 0, 0, 0}, {.interval_operations = 2}), (Operations{2, 4, 5}));
  EXPECT_EQ(Plan({0, 0, 0, 0}, {.interval_operations = 2}), (Operations{2, 4}));
  EXPECT_EQ(Plan({0, 0}, {.interval_operations = 1000}), (Operations{2}));
}

TEST(CheckpointPlanTest, ByTheTracesOwnTimeBeforeTheOperationThatReachesIt) {
  EXPECT_EQ(Plan({100, 100, 109, 110, 119, 125}, {.interval_ms = 10}), (Operations{3, 5, 6}));
  // Late operations take no time back, and a gap asks for one checkpoint.
  EXPECT_EQ(Plan({100, 111, 105, 111, 180, 181, 190}, {.interval_ms = 10}), (Operations{1, 4, 6, 7}));
}

TEST(CheckpointPlanTest, TheFirstIsWhereFillingEndsAndIntervalsCountFromThere) {
  EXPECT_EQ(Plan({0, 0, 0, 0, 0, 0, 0, 0}, {.interval_operations = 2}, 3), (Operations{3, 5, 7, 8}));
  EXPECT_EQ(Plan({100, 120, 125, 134, 135, 140}, {.interval_ms = 10}, 2), (Operations{2, 4, 6}));
}

TEST(CheckpointPlanTest, MomentsHaveTheLatestTimeUntilThen) {
  TraceAt trace({100, 120, 110, 115});
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanCheckpoints(trace, {.interval_operations = 3}, Never));
  EXPECT_EQ(plan, (std::vector<CheckpointMoment>{{3, 120}, {4, 120}}));
}

TEST(CheckpointPlanTest, AnAbsurdlyShortIntervalIsRefused) {
  TraceAt trace(std::vector<int64_t>(30'000));
  const auto plan = PlanCheckpoints(trace, {.interval_operations = 1}, Never);
  EXPECT_CODE(plan, kInvalidArgument);
  EXPECT_MENTIONS(plan, "10000");
}

TEST(CheckpointPlanTest, CanBeInterrupted) {
  TraceAt trace({1, 2});
  EXPECT_CODE(PlanCheckpoints(trace, {.interval_operations = 1}, [] { return true; }), kCancelled);
}

TEST(CheckpointPlanTest, KindsGoByTheirNames) {
  ASSERT_OK_AND_ASSIGN(const SnapshotKind kind, ParseSnapshotKind("savepoint"));
  EXPECT_EQ(kind, SnapshotKind::kSavepoint);
  EXPECT_CODE(ParseSnapshotKind("fast"), kInvalidArgument);
  EXPECT_MENTIONS(ParseSnapshotKind("fast"), "full, incremental, savepoint");
}

}  // namespace
}  // namespace kvstate::harness

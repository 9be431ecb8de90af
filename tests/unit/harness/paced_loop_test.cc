#include "harness/load/paced_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

/// Time that passes in operations and in waiting alone.
class HandClock {
 public:
  uint64_t Now() const { return now_; }
  uint64_t WaitUntil(uint64_t due, InstanceRecord& record) {
    if (due > stops_at) {
      now_ = stops_at;
      is_stopped = true;
      return now_;
    }
    record.waiting_ticks += due - now_;
    now_ = due + overshoot;
    return now_;
  }
  bool stopped() const { return is_stopped; }
  void Pass(uint64_t ticks) { now_ += ticks; }

  uint64_t overshoot = 0;
  uint64_t stops_at = UINT64_MAX;
  bool is_stopped = false;

 private:
  uint64_t now_ = 0;
};
static_assert(PaceClock<HandClock>);

struct FakeOperation {
  Operation operation = Operation::kGet;
  uint64_t service = 0;
};

constexpr uint64_t kStart = 1000;

class PacedLoopTest : public ::testing::Test {
 protected:
  void Add(uint64_t due, uint64_t service, Operation operation = Operation::kGet) {
    operations_.push_back({operation, service});
    due_.push_back(due);
  }
  Status Run(PacedLimits limits = {}) {
    return RunPaced(
        std::span<const FakeOperation>(operations_), std::span<const uint64_t>(due_), kStart, limits, clock_,
        [this](const FakeOperation& operation) {
          clock_.Pass(operation.service);
          return operation.operation == Operation::kClear ? InternalError("it failed as told") : Status();
        },
        &record_);
  }
  /// Values of up to 255 are counted exactly, so each has its quantile.
  static void ExpectHolds(const Histogram& histogram, std::vector<uint64_t> values) {
    std::sort(values.begin(), values.end());
    ASSERT_EQ(histogram.count(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const double quantile = (static_cast<double>(i) + 0.5) / static_cast<double>(values.size());
      EXPECT_EQ(histogram.Quantile(quantile), static_cast<double>(values[i])) << "value " << i;
    }
  }
  const Histogram& Latencies(Operation operation = Operation::kGet) {
    return *record_.latencies[static_cast<size_t>(operation)];
  }

  std::vector<FakeOperation> operations_;
  std::vector<uint64_t> due_;
  HandClock clock_;
  InstanceRecord record_;
};

TEST_F(PacedLoopTest, ABackendThatIsFastEnoughAnswersInItsOwnTimeAndIdleTimeIsInNothing) {
  for (uint64_t i = 0; i < 50; ++i) Add(10 * i, 3);
  ASSERT_OK(Run());
  ExpectHolds(record_.responses, std::vector<uint64_t>(50, 3));
  ExpectHolds(Latencies(), std::vector<uint64_t>(50, 3));
  EXPECT_EQ(record_.late, 0u);
  EXPECT_EQ(record_.backlog.most(), 0u);
  EXPECT_EQ(record_.busy_ticks, 150u);
  EXPECT_EQ(record_.waiting_ticks, kStart + uint64_t{49} * 7);
  EXPECT_EQ(record_.last_end, kStart + 490 + 3);
}

TEST_F(PacedLoopTest, ABackendThatIsTooSlowAnswersLaterAndLaterThoughEachOperationTakesTheSame) {
  std::vector<uint64_t> responses;
  for (uint64_t i = 0; i < 40; ++i) {
    Add(5 * i, 10);
    responses.push_back(10 * (i + 1) - 5 * i);
  }
  ASSERT_OK(Run());
  ExpectHolds(record_.responses, responses);
  ExpectHolds(Latencies(), std::vector<uint64_t>(40, 10));
  EXPECT_EQ(record_.late, 39u);
  // When the last is due, at 195, the 20 that began at 0, 10, …, 190 do not wait any more.
  EXPECT_EQ(record_.backlog.most(), 20u);
  EXPECT_EQ(record_.last_end, kStart + 400);
}

TEST_F(PacedLoopTest, WhatWaitsBehindASlowOperationHasTheWaitInItsResponseTime) {
  std::vector<uint64_t> responses;
  std::vector<uint64_t> latencies;
  for (uint64_t i = 0; i < 20; ++i) {
    const uint64_t service = i == 5 ? 100 : 1;
    Add(10 * i, service);
    latencies.push_back(service);
    // The slow one is done at 150; of those behind it each ends one later, until one is due after that.
    const uint64_t end = i <= 5 ? 10 * i + service : std::max(10 * i + 1, 150 + (i - 5));
    responses.push_back(end - 10 * i);
  }
  ASSERT_OK(Run());
  ExpectHolds(record_.responses, responses);
  ExpectHolds(Latencies(), latencies);
  EXPECT_EQ(record_.late, 10u);           // Those due at 60 to 150.
  EXPECT_EQ(record_.backlog.most(), 9u);  // 60 to 140 wait when the one of 140 is due.
  EXPECT_EQ(record_.busy_ticks, 119u);
}

TEST_F(PacedLoopTest, ABurstIsDueAtOnce) {
  for (uint64_t i = 0; i < 8; ++i) Add(100, 2);
  Add(200, 2);
  ASSERT_OK(Run());
  ExpectHolds(record_.responses, {2, 4, 6, 8, 10, 12, 14, 16, 2});
  EXPECT_EQ(record_.late, 7u);
  EXPECT_EQ(record_.backlog.most(), 7u);
}

TEST_F(PacedLoopTest, AWakeUpThatComesLateIsInTheResponseTimeAndTellsApartWhoseFaultItWas) {
  clock_.overshoot = 4;
  for (uint64_t i = 0; i < 10; ++i) Add(50 * i, 3);
  ASSERT_OK(Run());
  ExpectHolds(record_.responses, std::vector<uint64_t>(10, 7));
  ExpectHolds(Latencies(), std::vector<uint64_t>(10, 3));
  ExpectHolds(record_.wake_delays, std::vector<uint64_t>(10, 4));
  EXPECT_EQ(record_.late, 0u);
}

TEST_F(PacedLoopTest, KindsOfOperationAreApart) {
  Add(0, 3);
  Add(10, 5, Operation::kUpdate);
  ASSERT_OK(Run());
  ExpectHolds(Latencies(Operation::kGet), {3});
  ExpectHolds(Latencies(Operation::kUpdate), {5});
  ExpectHolds(record_.responses, {3, 5});
}

TEST_F(PacedLoopTest, TimeGoesOnFromChunkToChunk) {
  Add(0, 30);
  ASSERT_OK(Run());
  operations_ = {{Operation::kGet, 1}};
  due_ = {10};
  ASSERT_OK(Run());
  ExpectHolds(record_.responses, {30, 21});
  EXPECT_EQ(record_.late, 1u);
}

TEST_F(PacedLoopTest, GivesUpOnceTooManyAreOverTheLimit) {
  for (uint64_t i = 0; i < 100; ++i) Add(10 * i, i < 20 ? 5 : 9);
  ASSERT_OK(Run({.response = 8, .over = 3}));
  EXPECT_EQ(record_.over_limit, 4u);
  EXPECT_EQ(record_.operations, 24u);
}

TEST_F(PacedLoopTest, EndsWhileItWaitsOnceItIsStopped) {
  clock_.stops_at = kStart + 35;
  for (uint64_t i = 0; i < 100; ++i) Add(10 * i, 1);
  ASSERT_OK(Run());
  EXPECT_EQ(record_.operations, 4u);
}

TEST_F(PacedLoopTest, AFailureEndsIt) {
  Add(0, 1);
  Add(10, 1, Operation::kClear);
  Add(20, 1);
  EXPECT_CODE(Run(), kInternal);
  EXPECT_EQ(record_.operations, 1u);
}

TEST_F(PacedLoopTest, TheClosedLoopWaitsForNothing) {
  for (uint64_t i = 0; i < 10; ++i) Add(1'000'000, 2 + i);
  ASSERT_OK(RunClosed(
      std::span<const FakeOperation>(operations_), clock_,
      [this](const FakeOperation& operation) {
        clock_.Pass(operation.service);
        return Status();
      },
      &record_));
  ExpectHolds(Latencies(), {2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_EQ(record_.responses.count(), 0u);
  EXPECT_EQ(record_.busy_ticks, 65u);
  EXPECT_EQ(clock_.Now(), 65u);
}

}  // namespace
}  // namespace kvstate::harness

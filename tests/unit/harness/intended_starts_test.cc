#include "harness/load/intended_starts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace kvstate::harness {
namespace {

PaceSettings AtRate(double rate, bool poisson = false, uint64_t seed = 1) {
  return {.pace = Pace::kRate, .rate = rate, .poisson = poisson, .seed = seed};
}

std::vector<uint64_t> First(const PaceSettings& settings, size_t count) {
  IntendedStarts starts(settings);
  std::vector<uint64_t> given;
  for (size_t i = 0; i < count; ++i) given.push_back(starts.NextNs(0));
  return given;
}

TEST(IntendedStartsTest, ConstantArrivalsAreEvenlySpacedAndDoNotDrift) {
  EXPECT_EQ(First(AtRate(1000), 4), (std::vector<uint64_t>{0, 1'000'000, 2'000'000, 3'000'000}));
  EXPECT_EQ(First(AtRate(3), 7), (std::vector<uint64_t>{0, 333'333'333, 666'666'666, 1'000'000'000, 1'333'333'333,
                                                        1'666'666'666, 2'000'000'000}));
  EXPECT_EQ(First(AtRate(0.5), 2).back(), 2'000'000'000u);
  EXPECT_EQ(First(AtRate(7'000'000), 7'000'001).back(), 1'000'000'000u);
}

TEST(IntendedStartsTest, PoissonArrivalsHaveExponentialGaps) {
  constexpr size_t kCount = 200'000;
  const std::vector<uint64_t> given = First(AtRate(1'000'000, true), kCount);
  EXPECT_EQ(given.front(), 0u);
  size_t below_mean = 0;
  double squares = 0;
  for (size_t i = 1; i < kCount; ++i) {
    ASSERT_GE(given[i], given[i - 1]);
    const auto gap = static_cast<double>(given[i] - given[i - 1]);
    below_mean += gap < 1000 ? 1 : 0;
    squares += gap * gap;
  }
  const auto gaps = static_cast<double>(kCount - 1);
  // Each within about four standard errors.
  EXPECT_NEAR(static_cast<double>(given.back()) / gaps, 1000, 10);
  EXPECT_NEAR(static_cast<double>(below_mean) / gaps, 1 - std::exp(-1), 0.005);
  EXPECT_NEAR(squares / gaps, 2e6, 5e4);
}

TEST(IntendedStartsTest, ASeedAlwaysGivesTheSame) {
  EXPECT_EQ(First(AtRate(1000, true, 5), 100), First(AtRate(1000, true, 5), 100));
  EXPECT_NE(First(AtRate(1000, true, 5), 100), First(AtRate(1000, true, 6), 100));
}

TEST(IntendedStartsTest, TheTracesTimeIsThePaceFromItsFirstOperationOn) {
  IntendedStarts starts({.pace = Pace::kTrace, .speed = 10});
  const int64_t first = 1'600'000'000'000;
  EXPECT_EQ(starts.NextNs(first), 0u);
  EXPECT_EQ(starts.NextNs(first + 5), 500'000u);
  EXPECT_EQ(starts.NextNs(first + 5), 500'000u);
  EXPECT_EQ(starts.NextNs(first + 3), 500'000u);  // Time that goes back does not.
  EXPECT_EQ(starts.NextNs(first + 7000), 700'000'000u);
}

TEST(IntendedStartsTest, TimesFromOneEndToTheOtherDoNotOverflow) {
  IntendedStarts starts({.pace = Pace::kTrace, .speed = 0.5});
  EXPECT_EQ(starts.NextNs(INT64_MIN), 0u);
  const uint64_t last = starts.NextNs(INT64_MAX);
  EXPECT_GT(last, 3'000'000'000'000'000'000u);
  EXPECT_EQ(starts.NextNs(INT64_MAX), last);
}

}  // namespace
}  // namespace kvstate::harness

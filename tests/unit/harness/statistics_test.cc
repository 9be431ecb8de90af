#include "harness/report/statistics.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace kvstate::harness {
namespace {

std::vector<double> OneTo(size_t n) {
  std::vector<double> values(n);
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

TEST(StatisticsTest, MedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(Median({7}), 7);
}

TEST(StatisticsTest, FewSamplesGiveTheirRangeAndTheConfidenceItReallyHas) {
  const MedianInterval five = MedianWithInterval(OneTo(5));
  EXPECT_EQ(five.low, 1);
  EXPECT_EQ(five.high, 5);
  EXPECT_NEAR(five.confidence, 1 - 2 / 32.0, 1e-12);
  EXPECT_NEAR(MedianWithInterval({42}).confidence, 0, 1e-12);
}

// Conover, Practical Nonparametric Statistics, table of the binomial: for n = 10 the interval from the 2nd to the 9th
// has 97.85%, for n = 20 that from the 6th to the 15th has 95.86%.
TEST(StatisticsTest, IntervalIsTheNarrowestWithTheConfidence) {
  const MedianInterval ten = MedianWithInterval(OneTo(10));
  EXPECT_EQ(ten.low, 2);
  EXPECT_EQ(ten.high, 9);
  EXPECT_NEAR(ten.confidence, 0.9785, 5e-5);
  const MedianInterval twenty = MedianWithInterval(OneTo(20));
  EXPECT_EQ(twenty.low, 6);
  EXPECT_EQ(twenty.high, 15);
  EXPECT_NEAR(twenty.confidence, 0.9586, 5e-5);
}

TEST(StatisticsTest, OrderOfTheSamplesDoesNotMatter) {
  const MedianInterval interval = MedianWithInterval({9, 2, 7, 4, 5, 6, 3, 8, 1, 10});
  EXPECT_EQ(interval.median, 5.5);
  EXPECT_EQ(interval.low, 2);
  EXPECT_EQ(interval.high, 9);
}

}  // namespace
}  // namespace kvstate::harness

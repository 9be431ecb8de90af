#include "harness/probes/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace kvstate::harness {
namespace {

TEST(HistogramTest, IsExactForSmallValues) {
  for (uint64_t value = 0; value < 256; ++value) {
    Histogram histogram;
    histogram.Record(value);
    EXPECT_EQ(histogram.Quantile(0.5), static_cast<double>(value));
  }
}

TEST(HistogramTest, ErrorIsBelowOnePercentAtEverySize) {
  for (uint64_t value = 1; value < (uint64_t{1} << 60); value = value * 5 / 4 + 1) {
    Histogram histogram;
    histogram.Record(value);
    EXPECT_NEAR(histogram.Quantile(1), static_cast<double>(value), 0.005 * static_cast<double>(value)) << value;
  }
}

TEST(HistogramTest, TakesTheLargestValueThereIs) {
  Histogram histogram;
  histogram.Record(UINT64_MAX);
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_NEAR(histogram.Quantile(1), std::ldexp(1.0, 64), std::ldexp(1.0, 57));
}

TEST(HistogramTest, QuantilesAreThoseOfTheSortedValues) {
  Histogram histogram;
  std::vector<uint64_t> values;
  uint64_t state = 88172645463325252u;
  for (int i = 0; i < 20000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    values.push_back((state >> 40) % (uint64_t{1} << (state % 24)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(values.size())));
    const auto expected = static_cast<double>(values[rank - 1]);
    EXPECT_NEAR(histogram.Quantile(quantile), expected, 0.005 * expected) << quantile;
  }
}

TEST(HistogramTest, MergeIsTheHistogramOfBoth) {
  Histogram first;
  Histogram second;
  for (uint64_t i = 0; i < 100; ++i) first.Record(i);
  for (uint64_t i = 100; i < 200; ++i) second.Record(i);
  first.Merge(second);
  EXPECT_EQ(first.count(), 200u);
  EXPECT_EQ(first.Quantile(0.5), 99);
  EXPECT_EQ(first.Quantile(1), 199);
}

TEST(HistogramTest, MeanLeavesOutWhatIsOverTheLimit) {
  Histogram histogram;
  for (uint64_t value : {10u, 20u, 30u, 1000000u}) histogram.Record(value);
  EXPECT_EQ(histogram.MeanUpTo(100), 20);
  EXPECT_EQ(histogram.MeanUpTo(5), 0);
}

TEST(HistogramTest, EmptyAgainAfterClear) {
  Histogram histogram;
  histogram.Record(7);
  histogram.Clear();
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Quantile(0.99), 0);
}

}  // namespace
}  // namespace kvstate::harness

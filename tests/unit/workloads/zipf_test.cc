#include "workloads/sources/zipf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "workloads/sources/portable_math.h"

namespace kvstate::workloads {
namespace {

TEST(PortableMathTest, AgreesWithTheLibraryToAFewUnitsInTheLastPlace) {
  Random random(5);
  const double tolerance = 1e-15;
  for (int i = 0; i < 20000; ++i) {
    const double wide = (random.Unit() - 0.5) * 1200;
    EXPECT_NEAR(PortableExp(wide) / std::exp(wide), 1, 2e-13) << wide;
    const double narrow = (random.Unit() - 0.5) * 2;
    EXPECT_NEAR(PortableExp(narrow) / std::exp(narrow), 1, tolerance) << narrow;
    EXPECT_NEAR(PortableExpm1(narrow) / std::expm1(narrow), 1, 2 * tolerance) << narrow;
    EXPECT_NEAR(PortableLog1p(narrow * 0.99) / std::log1p(narrow * 0.99), 1, tolerance) << narrow;
    const double positive = std::exp(wide / 2);
    EXPECT_NEAR(PortableLog(positive) / std::log(positive), 1, tolerance) << positive;
  }
  EXPECT_EQ(PortableLog(1), 0);
  EXPECT_EQ(PortableExpm1(0), 0);
}

/// Draws many and holds each rank's frequency against its exact probability, within five standard deviations.
void ExpectExactFrequencies(uint64_t n, double theta) {
  constexpr int kDraws = 200000;
  const ZipfDistribution zipf(n, theta);
  Random random(11);
  std::vector<int> counts(n + 1);
  for (int i = 0; i < kDraws; ++i) ++counts.at(zipf.Draw(random));
  EXPECT_EQ(counts[0], 0);
  double total = 0;
  for (uint64_t rank = 1; rank <= n; ++rank) total += std::pow(static_cast<double>(rank), -theta);
  for (uint64_t rank = 1; rank <= n; ++rank) {
    const double p = std::pow(static_cast<double>(rank), -theta) / total;
    EXPECT_NEAR(counts[rank], kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p)) + 1) << "rank " << rank << " of " << n;
  }
}

TEST(ZipfTest, DrawsEachRankAsOftenAsItsProbability) {
  for (double theta : {0.01, 0.5, 0.99, 1.0, 1.0000000001, 1.5, 4.0}) {
    SCOPED_TRACE(theta);
    ExpectExactFrequencies(50, theta);
  }
  ExpectExactFrequencies(1, 0.99);
  ExpectExactFrequencies(2, 0.99);
  ExpectExactFrequencies(1000, 0.8);
}

TEST(ZipfTest, TakesItsExtremes) {
  Random random(1);
  for (double theta : {0.01, 1.0, ZipfDistribution::kMaxTheta}) {
    const ZipfDistribution zipf(ZipfDistribution::kMaxRanks, theta);
    for (int i = 0; i < 1000; ++i) {
      const uint64_t rank = zipf.Draw(random);
      ASSERT_GE(rank, 1u);
      ASSERT_LE(rank, ZipfDistribution::kMaxRanks);
    }
  }
}

}  // namespace
}  // namespace kvstate::workloads

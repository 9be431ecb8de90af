#include "workloads/sources/random.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

#include "workloads/sources/key_permutation.h"

namespace kvstate::workloads {
namespace {

TEST(RandomTest, FillsItsStateAsSplitMixDoes) {
  // The first outputs of xoshiro256** over the state that SplitMix64 gives from seed 0, as published generators do.
  Random random(0);
  EXPECT_EQ(random.Next(), 11091344671253066420u);
  EXPECT_EQ(random.Next(), 13793997310169335082u);
  EXPECT_EQ(random.Next(), 1900383378846508768u);
}

TEST(RandomTest, StreamsOfOneSeedDiffer) {
  EXPECT_NE(Random(1, 0).Next(), Random(1, 1).Next());
  EXPECT_NE(Random(1, 0).Next(), Random(2, 0).Next());
}

TEST(RandomTest, BelowIsUniformAndWithinItsBound) {
  Random random(7);
  std::vector<int> counts(10);
  for (int i = 0; i < 100000; ++i) ++counts.at(random.Below(10));
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(random.Below(1), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.Below((uint64_t{1} << 63) + 1), (uint64_t{1} << 63) + 1);
}

TEST(RandomTest, UnitIsBelowOne) {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = random.Unit();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
}

TEST(KeyPermutationTest, IsABijectionForEverySize) {
  for (uint64_t n : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 100u, 1000u, 1024u, 1025u}) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const KeyPermutation permutation(n, seed);
      std::set<uint64_t> seen;
      for (uint64_t i = 0; i < n; ++i) seen.insert(permutation(i));
      EXPECT_EQ(seen.size(), n);
      EXPECT_LT(*seen.rbegin(), n);
    }
  }
}

TEST(KeyPermutationTest, ScattersNeighbours) {
  const uint64_t n = 1000000;
  const KeyPermutation permutation(n, 1);
  int close = 0;
  int low_half = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t a = permutation(i);
    const uint64_t b = permutation(i + 1);
    if ((a > b ? a - b : b - a) < n / 100) ++close;
    if (a < n / 2) ++low_half;
  }
  EXPECT_LT(close, 50);
  EXPECT_NEAR(low_half, 500, 80);
}

}  // namespace
}  // namespace kvstate::workloads

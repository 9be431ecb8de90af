#include "harness/load/backlog_counter.h"

#include <gtest/gtest.h>

namespace kvstate::harness {
namespace {

TEST(BacklogCounterTest, NothingWaitedAtFirst) { EXPECT_EQ(BacklogCounter().most(), 0u); }

TEST(BacklogCounterTest, CountsThoseThatWaitAtOneMomentNotAllThatEverWaited) {
  BacklogCounter counter;
  for (uint64_t i = 0; i < 1000; ++i) counter.Waited(10 * i, 10 * i + 25);
  // When one is due, the two before it still wait.
  EXPECT_EQ(counter.most(), 3u);
}

TEST(BacklogCounterTest, OneThatBeginsInTheMomentInWhichAnotherIsDueDoesNotWaitWithIt) {
  BacklogCounter counter;
  counter.Waited(0, 10);
  counter.Waited(10, 11);
  EXPECT_EQ(counter.most(), 1u);
}

TEST(BacklogCounterTest, IsExactUpToWhatItRemembersAndCloseBeyond) {
  BacklogCounter counter;
  uint64_t begin = 100'000'000;
  for (uint64_t i = 0; i < BacklogCounter::kSamples; ++i) counter.Waited(i, begin + i);
  EXPECT_EQ(counter.most(), BacklogCounter::kSamples);
  constexpr uint64_t kMany = 5'000'000;
  for (uint64_t i = BacklogCounter::kSamples; i < kMany; ++i) counter.Waited(i, begin + i);
  EXPECT_NEAR(static_cast<double>(counter.most()), kMany, kMany * 2.0 / BacklogCounter::kSamples);
  // Once all have begun, it is exact again: what comes then is few.
  const uint64_t most = counter.most();
  counter.Waited(begin + kMany + 1, begin + kMany + 2);
  EXPECT_EQ(counter.most(), most);
}

}  // namespace
}  // namespace kvstate::harness

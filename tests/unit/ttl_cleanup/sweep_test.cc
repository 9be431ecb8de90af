#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/ttl_cleanup/cleanup_testing.h"

namespace kvstate {
namespace {

class SweepTest : public TtlCleanupTest {
 protected:
  SweepTest() { ttl_.cleanup.incremental_entries = 0; }
};
KVSTATE_CLEANUP_ON_EVERY_BACKEND(SweepTest);

TEST_P(SweepTest, RemovesExactlyWhatExpired) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 1000);
  clock_->AdvanceMillis(1);
  Put(backend, state, 500, 1500);
  clock_->SetMillis(kStart + kTtl - 1);
  SweepAll(backend);
  EXPECT_EQ(Stored(backend), 1500U);
  clock_->SetMillis(kStart + kTtl);
  SweepAll(backend);
  EXPECT_EQ(Stored(backend), 1000U);
  for (int64_t key = 0; key < 1500; ++key) {
    Must(backend.SetCurrentKey(key));
    const int64_t* value = Must(state.Get());
    ASSERT_EQ(value != nullptr, key >= 500) << key;
    if (value != nullptr) {
      EXPECT_EQ(*value, key);
    }
  }
  const TtlFigures figures = FiguresOf(backend);
  EXPECT_EQ(figures.entries_examined, 3000U);
  EXPECT_EQ(figures.entries_removed, 500U);
  EXPECT_EQ(figures.passes, 2U);
  EXPECT_GT(figures.cleanup_time_ns, 0U);
}

TEST_P(SweepTest, EachBatchCountsInTheTimeThoughFewAreTimed) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 1000);
  clock_->SetMillis(kStart + kTtl - 1);
  uint64_t time_ns = 0;
  bool complete = false;
  for (int batches = 0; !complete; ++batches) {
    ASSERT_LT(batches, 1000);
    const uint64_t examined = FiguresOf(backend).entries_examined;
    complete = Must(SweepOf(backend).Sweep(32));
    if (FiguresOf(backend).entries_examined == examined) continue;
    EXPECT_GT(FiguresOf(backend).cleanup_time_ns, time_ns) << batches;
    time_ns = FiguresOf(backend).cleanup_time_ns;
  }
}

TEST_P(SweepTest, OfAListAnyExpiredElementGoesAndTheListWithTheLast) {
  auto backend = Open();
  auto texts = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("texts"))));
  auto numbers = Must(backend.GetState(WithTtl(ListStateDescriptor<int64_t>("numbers"))));
  for (int64_t key = 0; key < 100; ++key) {
    Must(backend.SetCurrentKey(key));
    // A clock that went back leaves a list whose expired elements are not its first.
    for (const int64_t at : {100, 0, 200, 1}) {
      clock_->SetMillis(kStart + at);
      if (key % 2 == 1 && at >= 100) continue;
      Must(texts.Add(std::to_string(at)));
      Must(numbers.Add(at));
    }
  }
  clock_->SetMillis(kStart + kTtl + 1);
  SweepAll(backend);
  EXPECT_EQ(Stored(backend), 100U);
  // What was removed does not come back when the clock goes back.
  clock_->SetMillis(kStart);
  Must(backend.SetCurrentKey(4));
  EXPECT_EQ(*Must(texts.Get()), (std::vector<std::string>{"100", "200"}));
  EXPECT_EQ(*Must(numbers.Get()), (std::vector<int64_t>{100, 200}));
  EXPECT_EQ(FiguresOf(backend, 0).entries_removed, 50U);
}

TEST_P(SweepTest, OfAMapItsExpiredEntriesGoAFewAtATime) {
  auto backend = Open();
  auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("map"))));
  for (int64_t key = 0; key < 5; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t entry = 0; entry < 200; ++entry) {
      clock_->SetMillis(entry % 3 == 0 || key == 4 ? kStart : kStart + 1);
      Must(map.Put(entry, std::to_string(entry)));
    }
  }
  clock_->SetMillis(kStart + kTtl);
  EXPECT_GT(SweepAll(backend, 7), 5 * 200 / 20);
  EXPECT_EQ(Stored(backend), 4U * 133U);
  EXPECT_EQ(FiguresOf(backend).entries_removed, 4U * 67U + 200U);
  Must(backend.SetCurrentKey(2));
  for (int64_t entry = 0; entry < 200; ++entry) EXPECT_EQ(Must(map.Contains(entry)), entry % 3 != 0);
}

TEST_P(SweepTest, LooksAtFewMoreEntriesThanItMay) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 2000);
  clock_->AdvanceMillis(kTtl);
  uint64_t examined = 0;
  for (bool complete = false; !complete;) {
    complete = Must(SweepOf(backend).Sweep(50));
    const uint64_t now = FiguresOf(backend).entries_examined;
    EXPECT_LE(now - examined, 50U + 32U);
    examined = now;
  }
  EXPECT_EQ(examined, 2000U);
  EXPECT_EQ(Stored(backend), 0U);
}

TEST_P(SweepTest, IsCompleteOnlyAfterAPassThatBeganWithIt) {
  ttl_.cleanup.incremental_entries = 1000;
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 2000);
  // Cleanup by accesses is somewhere in the middle when everything expires.
  clock_->AdvanceMillis(kTtl / 6);
  Must(state.Get());
  clock_->AdvanceMillis(kTtl);
  ASSERT_GT(FiguresOf(backend).entries_examined, 0U);
  ASSERT_GT(Stored(backend), 0U);
  SweepAll(backend, 100);
  EXPECT_EQ(Stored(backend), 0U);
}

TEST_P(SweepTest, StatesShareWhatItMayLookAt) {
  auto backend = Open();
  auto large = Must(backend.GetState(Value("large")));
  auto small = Must(backend.GetState(Value("small")));
  Must(backend.GetState(ValueStateDescriptor<int64_t>("without")));
  Put(backend, large, 0, 2000);
  Put(backend, small, 0, 100);
  clock_->AdvanceMillis(kTtl);
  EXPECT_FALSE(Must(SweepOf(backend).Sweep(400)));
  EXPECT_EQ(FiguresOf(backend, 1).entries_removed, 100U);
  // What the small one did not need the large one got.
  EXPECT_GE(FiguresOf(backend, 0).entries_removed, 300U);
  // Also where there is less than one entry for each.
  for (int i = 0; i < 10'000 && !Must(SweepOf(backend).Sweep(1)); ++i) {
  }
  EXPECT_EQ(Stored(backend), 0U);
  EXPECT_EQ(SweepOf(backend).Figures().size(), 2U);
}

TEST_P(SweepTest, GoesOnBesideWritesAndRemovals) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 2000);
  clock_->AdvanceMillis(kTtl);
  int64_t key = 0;
  while (!Must(SweepOf(backend).Sweep(30))) {
    Put(backend, state, key, key + 5);
    Must(backend.SetCurrentKey(1999 - key));
    Must(state.Clear());
    key += 5;
  }
  SweepAll(backend);
  uint64_t live = 0;
  for (int64_t each = 0; each < 2000; ++each) {
    Must(backend.SetCurrentKey(each));
    const int64_t* value = Must(state.Get());
    live += value != nullptr ? 1 : 0;
    if (value != nullptr) {
      EXPECT_EQ(*value, each);
    }
  }
  EXPECT_EQ(Stored(backend), live);
  EXPECT_GT(live, 0U);
}

TEST_P(SweepTest, ARemovedStateEndsItsPass) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  auto other = Must(backend.GetState(Value("other")));
  Put(backend, state, 0, 500);
  Put(backend, other, 0, 500);
  clock_->AdvanceMillis(kTtl);
  ASSERT_FALSE(Must(SweepOf(backend).Sweep(100)));
  Must(backend.backend().RemoveState("value"));
  SweepAll(backend);
  EXPECT_EQ(Stored(backend), 0U);
  // One of its name begins anew.
  state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 10);
  clock_->AdvanceMillis(kTtl);
  EXPECT_FALSE(Must(SweepOf(backend).Sweep(1)));
  SweepAll(backend);
  EXPECT_EQ(Stored(backend), 0U);
  Must(backend.backend().Dispose());
  EXPECT_CODE(SweepOf(backend).Sweep(1), kFailedPrecondition);
}

}  // namespace
}  // namespace kvstate

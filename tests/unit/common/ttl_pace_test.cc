#include "backends/common/ttl_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

namespace kvstate::backends {
namespace {

constexpr int64_t kTtl = 30'000;
constexpr uint64_t kCredit = 256;

/// Entries in key groups, of which only the times are known, at places that have nothing to do with them.
class Model {
 public:
  Model(uint32_t key_groups, int64_t start) : pace_(kTtl, key_groups, start), groups_(key_groups) {}

  void Add(int64_t now) {
    random_ = random_ * 6364136223846793005 + 1442695040888963407;
    const uint64_t key = random_ >> 16;
    groups_[key % groups_.size()].emplace(key, now);
    ++size_;
  }

  /// As a cleaner does between some accesses.
  void Look(int64_t now) {
    const uint64_t due = std::min(pace_.Due(now), kCredit);
    if (due > 0) Take(due, now);
  }

  void Take(uint64_t entries, int64_t now) {
    TtlWalk::Step step;
    while (step.examined < entries && group_ < groups_.size()) {
      std::map<uint64_t, int64_t>& group = groups_[group_];
      const auto at = group.lower_bound(key_);
      if (at == group.end()) {
        ++group_;
        key_ = 0;
        continue;
      }
      ++step.examined;
      key_ = at->first + 1;
      if (at->second + kTtl > now) {
        step.oldest = std::min(step.oldest, at->second);
        continue;
      }
      group.erase(at);
      --size_;
    }
    step.passed_key_groups = static_cast<uint32_t>(group_);
    step.at_end = group_ == groups_.size();
    if (step.at_end) {
      ++passes_;
      group_ = 0;
    }
    examined_ += step.examined;
    pace_.Count(step, now);
  }

  uint64_t Expired(int64_t now) const {
    uint64_t expired = 0;
    for (const auto& group : groups_) {
      for (const auto& [key, time] : group) expired += time + kTtl <= now ? 1 : 0;
    }
    return expired;
  }

  TtlPace& pace() { return pace_; }
  uint64_t size() const { return size_; }
  uint64_t examined() const { return examined_; }
  uint64_t passes() const { return passes_; }

 private:
  TtlPace pace_;
  std::vector<std::map<uint64_t, int64_t>> groups_;
  uint64_t random_ = 1;
  size_t group_ = 0;
  uint64_t key_ = 0;
  uint64_t size_ = 0;
  uint64_t examined_ = 0;
  uint64_t passes_ = 0;
};

/// Two new entries a millisecond that nobody touches again, and a look at the clock for each 51: five entries an
/// access.
struct SteadyRun {
  explicit SteadyRun(uint32_t key_groups) : model(key_groups, 0) {}

  void To(int64_t end) {
    for (; now < end; ++now) {
      if (now % 3 == 0) {
        model.Add(now);
        if (++accesses % 51 == 0) model.Look(now);
      }
      if (now > settled && now % 500 == 0) {
        const uint64_t expired = model.Expired(now);
        most = std::max(most, static_cast<double>(expired) / static_cast<double>(model.size() - expired));
      }
    }
  }

  Model model;
  int64_t now = 0;
  int64_t settled = 3 * kTtl;
  uint64_t accesses = 0;
  double most = 0;  ///< Expired entries, for one that lives.
};

TEST(TtlPaceTest, ExpiredEntriesAreAtAnyMomentFewerThanAFifthOfLiveOnes) {
  for (const uint32_t key_groups : {1U, 2U, 128U}) {
    SCOPED_TRACE(key_groups);
    SteadyRun run(key_groups);
    run.To(6 * kTtl);
    EXPECT_LT(run.most, 0.2);
    EXPECT_GT(run.most, 0.1);  // Else it does more than it needs to.
  }
}

TEST(TtlPaceTest, AnEntryIsLookedAtFourTimesInItsLife) {
  SteadyRun run(128);
  run.To(4 * kTtl);
  const uint64_t before = run.model.examined();
  const uint64_t accesses = run.accesses;
  run.To(7 * kTtl);
  const double each = static_cast<double>(run.model.examined() - before) / static_cast<double>(run.accesses - accesses);
  EXPECT_NEAR(each, 4, 0.25);
}

TEST(TtlPaceTest, ASmallStatesPassIsSpreadOverItsPeriod) {
  Model model(128, 0);
  double most = 0;
  for (int64_t now = 0; now < 6 * kTtl; ++now) {
    if (now % 300 == 0) model.Add(now);  // 100 that live.
    model.Look(now);
    if (now < 3 * kTtl) continue;
    const uint64_t expired = model.Expired(now);
    most = std::max(most, static_cast<double>(expired) / static_cast<double>(model.size() - expired));
  }
  EXPECT_LT(most, 0.3);  // At once, it would be a third.
}

TEST(TtlPaceTest, NothingIsDoneBeforeSomethingCanExpire) {
  Model model(16, 1000);
  for (int i = 0; i < 10'000; ++i) model.Add(1000);
  model.Take(UINT64_MAX, 1000);
  ASSERT_EQ(model.passes(), 1U);
  for (int64_t now = 1000; now < 1000 + kTtl; now += 10) EXPECT_EQ(model.pace().Due(now), 0U) << now;
  EXPECT_GT(model.pace().Due(1000 + kTtl + kTtl / 3), 0U);
}

TEST(TtlPaceTest, ATimeToLiveBeyondTheLargestTimeMakesNoWork) {
  TtlPace pace(INT64_MAX, 128, 1'700'000'000'000);
  EXPECT_EQ(pace.Due(1'700'000'000'000), 0U);
  EXPECT_EQ(pace.Due(1'800'000'000'000), 0U);
  TtlWalk::Step step;
  step.examined = 5;
  step.oldest = 1'600'000'000'000;
  step.passed_key_groups = 128;
  step.at_end = true;
  pace.Count(step, 1'800'000'000'000);
  EXPECT_EQ(pace.Due(INT64_MAX), 0U);
}

TEST(TtlPaceTest, AJumpOfTheClockIsCaughtUpInOnePass) {
  SteadyRun run(128);
  run.To(4 * kTtl);
  const uint64_t passes = run.model.passes();
  int64_t now = run.now + 100 * kTtl;
  ASSERT_EQ(run.model.Expired(now), run.model.size());
  // The pass that is on is late, and the rest goes in the time of the next: there are not a hundred passes to be made.
  for (const int64_t end = now + kTtl / 3 + 1000; now < end; ++now) run.model.Look(now);
  EXPECT_EQ(run.model.size(), 0U);
  EXPECT_EQ(run.model.passes(), passes + 2);
  EXPECT_EQ(run.model.pace().Due(now + kTtl / 3), 0U);
}

TEST(TtlPaceTest, AClockThatGoesBackwardsStopsNothingForLong) {
  SteadyRun run(128);
  run.To(4 * kTtl);
  run.now -= 50 * kTtl;  // What is there counts as new until then; what comes expires before it.
  const int64_t back = run.now;
  run.settled = INT64_MAX;
  run.To(back + 4 * kTtl);
  EXPECT_EQ(run.model.Expired(back), 0U);
  const uint64_t expired = run.model.Expired(run.now);
  EXPECT_LT(static_cast<double>(expired), 0.2 * static_cast<double>(run.model.size() - expired));
  // Also right after a pass, when nothing is due for long.
  run.model.Take(UINT64_MAX, run.now);
  run.now -= 10 * kTtl;
  const uint64_t passes = run.model.passes();
  run.To(run.now + kTtl);
  EXPECT_GE(run.model.passes(), passes + 1);
}

TEST(TtlPaceTest, AStandingClockMakesNoWork) {
  SteadyRun run(128);
  run.To(4 * kTtl);
  for (int i = 0; i < 100; ++i) run.model.Look(run.now);
  EXPECT_EQ(run.model.pace().Due(run.now), 0U);
}

TEST(TtlPaceTest, SweepsBesideItDoNotPutItOff) {
  SteadyRun run(128);
  run.To(4 * kTtl);
  // Many passes within one period.
  for (int i = 0; i < 20; ++i) run.model.Take(UINT64_MAX, run.now);
  run.To(7 * kTtl);
  EXPECT_LT(run.most, 0.2);
}

TEST(TtlPaceTest, SizesOfTheStateThatChangeAreMadeOutWithinAPass) {
  SteadyRun run(128);
  run.To(4 * kTtl);
  // Ten times as many at once.
  for (int64_t i = 0; i < 4 * kTtl; ++i) run.model.Add(run.now);
  const int64_t jump = run.now;

  // Credit enough, though.
  for (; run.now < jump + 2 * kTtl; ++run.now) {
    if (run.now % 3 == 0) run.model.Add(run.now);
    if (run.now % 10 == 0) run.model.Look(run.now);
  }
  const uint64_t expired = run.model.Expired(run.now);
  EXPECT_LT(static_cast<double>(expired), 0.2 * static_cast<double>(run.model.size() - expired));
}

}  // namespace
}  // namespace kvstate::backends

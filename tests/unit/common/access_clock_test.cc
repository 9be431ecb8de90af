#include "backends/common/access_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "kvstate/clock.h"

namespace kvstate::backends {
namespace {

TEST(AccessClockTest, AClockThatIsMovedByHandIsAlwaysAsked) {
  const auto clock = std::make_shared<ManualClock>(5);
  AccessClock access(clock);
  EXPECT_EQ(access.Now(), 5);
  clock->AdvanceMillis(1);
  EXPECT_EQ(access.Now(), 6);
  clock->SetMillis(-7);
  EXPECT_EQ(access.Now(), -7);
}

TEST(AccessClockTest, GivesNoTimeThatStandsForABorrowedObject) {
  AccessClock access(std::make_shared<ManualClock>(INT64_MIN));
  EXPECT_EQ(access.Now(), INT64_MIN + 1);
}

TEST(AccessClockTest, TheMachinesClockGoesOn) {
  const auto clock = std::make_shared<SystemClock>();
  AccessClock access(clock);
  for (int i = 0; i < 10; ++i) {
    const int64_t before = clock->NowMillis();
    // Longer than a reading holds, by far.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const int64_t now = access.Now();
    EXPECT_GT(now, before);
    EXPECT_LE(now, clock->NowMillis());
  }
}

TEST(AccessClockTest, TheMachinesClockGoesOnWhileItIsAskedAllTheTime) {
  const auto clock = std::make_shared<SystemClock>();
  AccessClock access(clock);
  const int64_t begin = access.Now();
  // It ends by the clock that is asked now and then, or never.
  for (int64_t now = begin; now < begin + 50; now = access.Now()) EXPECT_LE(now, clock->NowMillis());
}

}  // namespace
}  // namespace kvstate::backends

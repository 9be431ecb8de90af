#include "workloads/operators/event_timers.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/operators/event_time.h"

namespace kvstate::workloads {
namespace {

std::vector<std::string> Fired(EventTimers& timers, int64_t watermark_ms) {
  std::vector<std::string> fired;
  const Status status = timers.FireUpTo(watermark_ms, [&](int64_t time_ms, ByteView key) {
    fired.push_back(std::to_string(time_ms) + std::string(key));
    return Status();
  });
  EXPECT_TRUE(status.ok());
  return fired;
}

TEST(EventTimersTest, FiresInOrderOfTimeThenBytesAndEachOnce) {
  EventTimers timers;
  for (const char* key : {"b", "\xff", "a", "ab", "a"}) timers.Register(20, key);
  timers.Register(-5, "z");
  timers.Register(21, "c");
  EXPECT_EQ(timers.size(), 6u);
  EXPECT_FALSE(timers.HasDue(-6));
  EXPECT_TRUE(timers.HasDue(-5));
  EXPECT_EQ(Fired(timers, 20), (std::vector<std::string>{"-5z", "20a", "20ab", "20b", "20\xff"}));
  EXPECT_EQ(Fired(timers, 20), std::vector<std::string>());
  EXPECT_EQ(Fired(timers, INT64_MAX), (std::vector<std::string>{"21c"}));
  EXPECT_EQ(timers.size(), 0u);
}

TEST(EventTimersTest, ADeletedTimerDoesNotFire) {
  EventTimers timers;
  timers.Register(1, "a");
  timers.Register(1, "b");
  timers.Delete(1, "a");
  timers.Delete(1, "c");
  timers.Delete(2, "b");
  EXPECT_EQ(Fired(timers, 5), (std::vector<std::string>{"1b"}));
  timers.Register(1, "a");
  timers.Delete(1, "a");
  EXPECT_FALSE(timers.HasDue(INT64_MAX));
}

TEST(EventTimersTest, StopsAtTheFirstFailure) {
  EventTimers timers;
  timers.Register(1, "a");
  timers.Register(2, "b");
  int calls = 0;
  const Status status = timers.FireUpTo(5, [&](int64_t, ByteView) {
    ++calls;
    return InternalError("as told");
  });
  EXPECT_EQ(status.message(), "as told");
  EXPECT_EQ(calls, 1);
}

TEST(BoundedWatermarkTest, StaysBehindTheLatestEventAndNeverGoesBack) {
  BoundedWatermark watermark(10);
  EXPECT_EQ(watermark.value(), INT64_MIN);
  watermark.Observe(100);
  EXPECT_EQ(watermark.value(), 89);
  watermark.Observe(50);
  EXPECT_EQ(watermark.value(), 89);
  watermark.Close();
  EXPECT_EQ(watermark.value(), INT64_MAX);
}

TEST(EventTimeTest, TimesThatWouldOverflowAWindowAreRefused) {
  EXPECT_TRUE(CheckEventTime(kMaxEventTimeMs).ok());
  EXPECT_TRUE(CheckEventTime(-kMaxEventTimeMs).ok());
  EXPECT_EQ(CheckEventTime(kMaxEventTimeMs + 1).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(CheckEventTime(INT64_MIN).code(), StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace kvstate::workloads

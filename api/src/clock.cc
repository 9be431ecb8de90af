#include "kvstate/clock.h"

#include <chrono>

namespace kvstate {
inline namespace v1 {

int64_t SystemClock::NowMillis() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

int64_t ManualClock::NowMillis() const { return now_millis_.load(std::memory_order_relaxed); }
void ManualClock::SetMillis(int64_t now_millis) { now_millis_.store(now_millis, std::memory_order_relaxed); }
void ManualClock::AdvanceMillis(int64_t millis) { now_millis_.fetch_add(millis, std::memory_order_relaxed); }

}  // namespace v1
}  // namespace kvstate

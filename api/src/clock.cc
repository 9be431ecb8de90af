#include "kvstate/clock.h"

#include <chrono>
#include <ctime>

namespace kvstate {
inline namespace v1 {

int64_t SystemClock::NowMillis() const {
#ifdef CLOCK_REALTIME_COARSE
  // Each access to a state with a time to live asks. The exact clock reads a counter of the processor, before which all
  // earlier loads must have arrived: several times what the access itself costs.
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0) [[likely]]
    return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
#endif
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

int64_t ManualClock::NowMillis() const { return now_millis_.load(std::memory_order_relaxed); }
void ManualClock::SetMillis(int64_t now_millis) { now_millis_.store(now_millis, std::memory_order_relaxed); }
void ManualClock::AdvanceMillis(int64_t millis) { now_millis_.fetch_add(millis, std::memory_order_relaxed); }

}  // namespace v1
}  // namespace kvstate

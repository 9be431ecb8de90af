#ifndef KVSTATE_BACKENDS_COMMON_ACCESS_CLOCK_H_
#define KVSTATE_BACKENDS_COMMON_ACCESS_CLOCK_H_

#include <cstdint>
#include <memory>

#include "backends/common/ttl_serializer.h"
#include "kvstate/clock.h"

namespace kvstate::backends {

/// A clock that is asked at each access to a state, by its owner's thread.
///
/// The machine's clock is left alone for half a millisecond after each reading: it stands still for several anyway, and
/// asking it costs an access to HashMap an eighth of its time. Whether the half millisecond is over is told by the
/// processor's time stamp counter, where that goes on at one pace and is cheap to read. Other clocks are always asked.
class AccessClock {
 public:
  explicit AccessClock(std::shared_ptr<const Clock> clock);

  /// As a value's time.
  int64_t Now() {
#ifdef __x86_64__
    if (steps_ != 0) [[likely]] {
      const uint64_t counter = __builtin_ia32_rdtsc();
      // Where the counter went back, too, since this is unsigned.
      if (counter - counter_ < steps_) [[likely]]
        return now_;
      counter_ = counter;
    }
#endif
    return Ask();
  }

  const Clock& clock() const { return *clock_; }

 private:
  int64_t Ask() { return now_ = TimestampOfClock(*clock_); }

  const std::shared_ptr<const Clock> clock_;
  const uint64_t steps_;  ///< Of the counter, for which a reading holds; 0: none does.
  uint64_t counter_ = 0;  ///< Before the last reading.
  int64_t now_ = 0;       ///< The last reading.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_ACCESS_CLOCK_H_

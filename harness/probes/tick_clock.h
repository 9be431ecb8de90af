#ifndef KVSTATE_HARNESS_PROBES_TICK_CLOCK_H_
#define KVSTATE_HARNESS_PROBES_TICK_CLOCK_H_

#include <chrono>
#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace kvstate::harness {

/// The cheapest clock there is: the processor's time stamp counter, less than half the cost of a steady_clock call.
inline uint64_t ReadTicks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

inline uint64_t SteadyNanoseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

/// What a tick is worth, found against steady_clock. Immutable and thread-safe.
class TickClock {
 public:
  /// Takes about 20 ms.
  static TickClock Calibrate();

  double ns_per_tick() const { return ns_per_tick_; }
  /// What ReadTicks shows for nothing in between: to be taken off a difference. Ticks.
  uint64_t empty_ticks() const { return empty_ticks_; }
  double ToNanoseconds(double ticks) const { return ticks * ns_per_tick_; }
  /// "tsc" or "steady_clock".
  static std::string_view source();
  /// How far a tick's worth has moved since calibration, as a share: about 0 where the counter is steady.
  double Drift() const;

 private:
  double ns_per_tick_ = 1;
  uint64_t empty_ticks_ = 0;
  uint64_t start_ticks_ = 0;
  uint64_t start_ns_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_TICK_CLOCK_H_

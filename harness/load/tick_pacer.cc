#include "harness/load/tick_pacer.h"

#include <sys/prctl.h>

#include <algorithm>
#include <ctime>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kvstate::harness {

namespace {

constexpr double kSpinNs = 100'000;
// What an interrupt may have to wait for.
constexpr double kLongestSleepNs = 10'000'000;
constexpr unsigned long kTimerSlackNs = 1'000;

inline void Relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace

TickPacer::TickPacer(const TickClock& clock, const std::atomic<bool>* stop)
    : ns_per_tick_(clock.ns_per_tick()),
      spin_ticks_(static_cast<uint64_t>(kSpinNs / clock.ns_per_tick())),
      stop_(*stop) {}

void TickPacer::SharpenTimers() {
  // Where it is refused, more is spun or late, which the delays show.
  prctl(PR_SET_TIMERSLACK, kTimerSlackNs, 0, 0, 0);
}

void TickPacer::Sleep(uint64_t ticks) const {
  const double ns = std::min(static_cast<double>(ticks) * ns_per_tick_, kLongestSleepNs);
  const timespec time = {.tv_sec = 0, .tv_nsec = static_cast<long>(ns)};
  // An interrupted sleep is a short one.
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

uint64_t TickPacer::WaitUntil(uint64_t due, InstanceRecord& record) const {
  uint64_t now = ReadTicks();
  while (now < due && !stopped()) {
    if (due - now > spin_ticks_) {
      Sleep(due - now - spin_ticks_);
      now = ReadTicks();
      continue;
    }
    const uint64_t spin_start = now;
    while (now < due) {
      Relax();
      now = ReadTicks();
    }
    record.waiting_ticks += now - spin_start;
  }
  return now;
}

}  // namespace kvstate::harness

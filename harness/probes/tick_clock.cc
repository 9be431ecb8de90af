#include "harness/probes/tick_clock.h"

#include <algorithm>
#include <array>

namespace kvstate::harness {

namespace {

constexpr uint64_t kCalibrationNs = 20'000'000;

uint64_t MedianEmptyTicks() {
  std::array<uint64_t, 1001> differences{};
  uint64_t last = ReadTicks();
  for (uint64_t& difference : differences) {
    const uint64_t now = ReadTicks();
    difference = now - last;
    last = now;
  }
  std::nth_element(differences.begin(), differences.begin() + differences.size() / 2, differences.end());
  return differences[differences.size() / 2];
}

}  // namespace

std::string_view TickClock::source() {
#if defined(__x86_64__)
  return "tsc";
#else
  return "steady_clock";
#endif
}

TickClock TickClock::Calibrate() {
  TickClock clock;
  clock.empty_ticks_ = MedianEmptyTicks();
  clock.start_ns_ = SteadyNanoseconds();
  clock.start_ticks_ = ReadTicks();
  uint64_t ns = clock.start_ns_;
  while (ns - clock.start_ns_ < kCalibrationNs) ns = SteadyNanoseconds();
  const uint64_t ticks = ReadTicks() - clock.start_ticks_;
  clock.ns_per_tick_ = static_cast<double>(ns - clock.start_ns_) / static_cast<double>(ticks);
  return clock;
}

double TickClock::Drift() const {
  const auto ns = static_cast<double>(SteadyNanoseconds() - start_ns_);
  const double by_ticks = static_cast<double>(ReadTicks() - start_ticks_) * ns_per_tick_;
  return by_ticks / ns - 1;
}

}  // namespace kvstate::harness

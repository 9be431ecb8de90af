#include "backends/common/access_clock.h"

#include <algorithm>
#include <utility>

namespace kvstate::backends {

namespace {

#ifdef __x86_64__

struct Registers {
  uint32_t eax;
  uint32_t edx;
};

Registers Cpuid(uint32_t leaf) {
  uint32_t eax = leaf;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return {eax, edx};
}

/// Whether the counter goes on at one pace, while the processor sleeps too: "invariant TSC".
bool IsSteady() {
  constexpr uint32_t kHighestLeaf = 0x8000'0000;
  constexpr uint32_t kPowerLeaf = 0x8000'0007;
  constexpr uint32_t kInvariant = 1U << 8;
  return Cpuid(kHighestLeaf).eax >= kPowerLeaf && (Cpuid(kPowerLeaf).edx & kInvariant) != 0;
}

/// Whether reading it is one instruction, and not a trap into the system below a virtual machine's.
bool IsCheap() {
  constexpr uint64_t kStepsOfTrap = 500;
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 16; ++i) {
    const uint64_t begin = __builtin_ia32_rdtsc();
    least = std::min<uint64_t>(least, __builtin_ia32_rdtsc() - begin);
  }
  return least < kStepsOfTrap;
}

/// Steady counters run at 1 GHz or more.
constexpr uint64_t kStepsOfHalfAMilli = 500'000;

uint64_t StepsFor(const Clock& clock) {
  static const uint64_t of_system_clock = IsSteady() && IsCheap() ? kStepsOfHalfAMilli : 0;
  return dynamic_cast<const SystemClock*>(&clock) != nullptr ? of_system_clock : 0;
}

#else

uint64_t StepsFor(const Clock&) { return 0; }

#endif

}  // namespace

AccessClock::AccessClock(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)), steps_(StepsFor(*clock_)) {}

}  // namespace kvstate::backends

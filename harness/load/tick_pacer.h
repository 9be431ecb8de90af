#ifndef KVSTATE_HARNESS_LOAD_TICK_PACER_H_
#define KVSTATE_HARNESS_LOAD_TICK_PACER_H_

#include <atomic>
#include <cstdint>

#include "harness/load/paced_loop.h"
#include "harness/probes/tick_clock.h"

namespace kvstate::harness {

/// The machine's clock for RunPaced. Sleeps while what is due is far, and spins for the rest: a sleep alone comes back
/// some 50 microseconds late. Of the thread that uses it; `stop` may be set by any.
class TickPacer {
 public:
  /// `stop` must outlive this.
  TickPacer(const TickClock& clock, const std::atomic<bool>* stop);

  uint64_t Now() const { return ReadTicks(); }
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }
  uint64_t WaitUntil(uint64_t due, InstanceRecord& record) const;

  /// To be called once on the thread that will wait: lets the system wake it on time, not at its leisure.
  static void SharpenTimers();

 private:
  void Sleep(uint64_t ticks) const;

  const double ns_per_tick_;
  const uint64_t spin_ticks_;
  const std::atomic<bool>& stop_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_TICK_PACER_H_

#ifndef KVSTATE_HARNESS_REPLAY_REPLAY_HOOK_H_
#define KVSTATE_HARNESS_REPLAY_REPLAY_HOOK_H_

#include <atomic>
#include <cstdint>

#include "kvstate/status.h"

namespace kvstate::harness {

/// How far a replay is.
struct ReplayMoment {
  uint64_t operations = 0;  ///< Done.
  uint64_t time_ns = 0;     ///< That counts, as ReplayResult::time_ns does.
};

/// Is called between two operations of a replay, on the replay's thread: after a number of operations that it names,
/// and as soon as another thread has woken it. What it does counts as the replay's time.
class ReplayHook {
 public:
  virtual ~ReplayHook() = default;
  virtual Status Between(const ReplayMoment& moment) = 0;

  bool Wants(uint64_t operations) const { return operations >= next_ || woken_.load(std::memory_order_acquire); }

 protected:
  /// To be called again once so many operations are done; never at the end of a trace.
  void WaitFor(uint64_t operations) { next_ = operations; }
  /// Any thread.
  void Wake() { woken_.store(true, std::memory_order_release); }
  /// The replay's thread: whether somebody woke it since the last time.
  bool TakeWake() { return woken_.exchange(false, std::memory_order_acq_rel); }

 private:
  uint64_t next_ = 0;
  std::atomic<bool> woken_{false};
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_REPLAY_HOOK_H_

#ifndef KVSTATE_BACKENDS_HASHMAP_SPIN_LOCK_H_
#define KVSTATE_BACKENDS_HASHMAP_SPIN_LOCK_H_

#include <emmintrin.h>

#include <atomic>
#include <thread>

namespace kvstate::backends::hashmap {

/// Waits for somebody who will not be long.
class SpinWait {
 public:
  void Once() {
    if (++tries_ < kSpins) {
      _mm_pause();
    } else {
      // The one who is waited for may not be running.
      std::this_thread::yield();
    }
  }

 private:
  static constexpr int kSpins = 64;
  int tries_ = 0;
};

/// A lock that is held for microseconds and rarely wanted by two: one byte, and a few nanoseconds when free.
class SpinLock {
 public:
  void lock() {
    for (SpinWait wait; held_.exchange(true, std::memory_order_acquire);) wait.Once();
  }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

/// Gives a lock back that was taken, if one was, where it was decided that it is needed.
class HeldLock {
 public:
  explicit HeldLock(SpinLock* held) : held_(held) {}
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() {
    if (held_ != nullptr) [[unlikely]]
      held_->unlock();
  }

 private:
  SpinLock* const held_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_SPIN_LOCK_H_

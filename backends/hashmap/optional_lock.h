#ifndef KVSTATE_BACKENDS_HASHMAP_OPTIONAL_LOCK_H_
#define KVSTATE_BACKENDS_HASHMAP_OPTIONAL_LOCK_H_

#include <mutex>

namespace kvstate::backends::hashmap {

/// Holds a mutex, or nothing where there is none.
class OptionalLock {
 public:
  explicit OptionalLock(std::mutex* mutex) : mutex_(mutex) {
    if (mutex_ != nullptr) [[unlikely]]
      mutex_->lock();
  }
  OptionalLock(const OptionalLock&) = delete;
  OptionalLock& operator=(const OptionalLock&) = delete;
  ~OptionalLock() {
    if (mutex_ != nullptr) [[unlikely]]
      mutex_->unlock();
  }

 private:
  std::mutex* const mutex_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_OPTIONAL_LOCK_H_

#ifndef KVSTATE_CLOCK_H_
#define KVSTATE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "kvstate/export.h"

namespace kvstate {
inline namespace v1 {

/// Processing time, injected so that tests and the harness run on virtual time. Thread-safe.
class KVSTATE_EXPORT Clock {
 public:
  virtual ~Clock();
  /// Milliseconds since 1970-01-01 UTC. May go backwards when the machine's clock does.
  virtual int64_t NowMillis() const = 0;
};

/// The machine's clock, as it stood at the system's last tick: some milliseconds behind at most, 4 as Linux is usually
/// built. It is asked at each access to a state with a time to live, and so is cheap.
class KVSTATE_EXPORT SystemClock final : public Clock {
 public:
  int64_t NowMillis() const override;
};

/// A clock that stands still until it is moved.
class KVSTATE_EXPORT ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t now_millis = 0) : now_millis_(now_millis) {}
  int64_t NowMillis() const override;
  void SetMillis(int64_t now_millis);
  void AdvanceMillis(int64_t millis);

 private:
  std::atomic<int64_t> now_millis_;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_CLOCK_H_

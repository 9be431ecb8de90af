#ifndef KVSTATE_TIMER_SERVICE_H_
#define KVSTATE_TIMER_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "kvstate/bytes.h"
#include "kvstate/clock.h"
#include "kvstate/export.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "kvstate/timers.h"

namespace kvstate {
inline namespace v1 {

/// The timers of one operator, by event time and by processing time, under its backend's current key. Keeps two queues,
/// `<name>/event_time` and `<name>/processing_time`, in the backend. Owner's thread. Must not outlive the backend.
class KVSTATE_EXPORT TimerService {
 public:
  /// What a timer does. Its key is then the backend's current one. It may register and delete timers; those that are
  /// due already fire before the call that fires this one returns. It must not advance time (FAILED_PRECONDITION).
  using OnTimer = std::function<Status(const Timer& timer)>;

  /// UNIMPLEMENTED when the backend has no timers. `clock`: null for the system's.
  static Result<std::unique_ptr<TimerService>> Create(KeyedStateBackend& backend, std::string_view name,
                                                      SerializerPtr namespace_serializer, TimerStorage storage,
                                                      std::shared_ptr<const Clock> clock);
  ~TimerService();
  TimerService(const TimerService&) = delete;
  TimerService& operator=(const TimerService&) = delete;

  /// Under the current key (FAILED_PRECONDITION without one). One that is there already stays as it is. A timer that is
  /// due already, at or before the watermark or the clock, fires at the next call that advances its time.
  Status RegisterEventTimeTimer(ByteView state_namespace, int64_t timestamp);
  Status DeleteEventTimeTimer(ByteView state_namespace, int64_t timestamp);
  Status RegisterProcessingTimeTimer(ByteView state_namespace, int64_t timestamp);
  Status DeleteProcessingTimeTimer(ByteView state_namespace, int64_t timestamp);

  /// INT64_MIN before the first.
  int64_t current_watermark() const;
  /// Fires, in order, every event-time timer at or before `watermark`, or, if that is greater, the current watermark,
  /// which never goes back. A failure of `on_timer` ends it; that timer is fired already, the others stay. The current
  /// key is the same afterwards as before, where there was one.
  Status AdvanceWatermark(int64_t watermark, const OnTimer& on_timer);
  /// The same of processing-time timers at or before the clock's now.
  Status AdvanceProcessingTime(const OnTimer& on_timer);

  /// The queues, for counting and looking.
  TimerQueue& event_time_timers();
  TimerQueue& processing_time_timers();

 private:
  struct Impl;
  explicit TimerService(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_TIMER_SERVICE_H_

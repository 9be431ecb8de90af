#include "kvstate/timer_service.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "kvstate/extension.h"

namespace kvstate {
inline namespace v1 {

struct TimerService::Impl {
  KeyedStateBackend& backend;
  Timers& timers;
  std::shared_ptr<const Clock> clock;
  std::string name;
  TimerQueue* event_time = nullptr;
  TimerQueue* processing_time = nullptr;
  int64_t watermark = std::numeric_limits<int64_t>::min();
  bool firing = false;

  Status CheckKey() const {
    if (timers.HasCurrentKey()) [[likely]]
      return Status();
    return FailedPreconditionError("timers '" + name + "': there is no current key; call SetCurrentKey first");
  }
  Status Register(TimerQueue& queue, ByteView state_namespace, int64_t timestamp) const {
    KVSTATE_RETURN_IF_ERROR(CheckKey());
    return queue.Add({timestamp, backend.current_key(), state_namespace}).status();
  }
  Status Delete(TimerQueue& queue, ByteView state_namespace, int64_t timestamp) const {
    KVSTATE_RETURN_IF_ERROR(CheckKey());
    return queue.Remove({timestamp, backend.current_key(), state_namespace}).status();
  }

  /// Fires what is at or before `until`.
  Status Fire(TimerQueue& queue, int64_t until, const OnTimer& on_timer) {
    if (firing) {
      return FailedPreconditionError("timers '" + name + "': time is advanced while a timer fires; do it afterwards");
    }
    const bool had_key = timers.HasCurrentKey();
    const std::string key_before(backend.current_key());
    firing = true;
    Status status = FireEach(queue, until, on_timer);
    firing = false;
    if (!had_key) return status;
    const Status set = backend.SetCurrentKey(EncodeKey(backend, key_before));
    return status.ok() ? set : status;
  }

 private:
  Status FireEach(TimerQueue& queue, int64_t until, const OnTimer& on_timer) const {
    std::string key;  // The queue's views end with the first timer that on_timer registers.
    std::string state_namespace;
    for (;;) {
      Timer timer;
      KVSTATE_ASSIGN_OR_RETURN(const bool any, queue.Peek(&timer));
      if (!any || timer.timestamp > until) return Status();
      KVSTATE_RETURN_IF_ERROR(queue.Poll(&timer).status());
      key.assign(timer.key);
      state_namespace.assign(timer.state_namespace);
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(EncodeKey(backend, key)));
      KVSTATE_RETURN_IF_ERROR(on_timer({timer.timestamp, key, state_namespace}));
    }
  }
};

TimerService::TimerService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TimerService::~TimerService() = default;

Result<std::unique_ptr<TimerService>> TimerService::Create(KeyedStateBackend& backend, std::string_view name,
                                                           SerializerPtr namespace_serializer, TimerStorage storage,
                                                           std::shared_ptr<const Clock> clock) {
  auto* const timers = GetExtension<Timers>(backend);
  if (timers == nullptr) return UnimplementedError("backend '" + std::string(backend.name()) + "' has no timers");
  if (clock == nullptr) clock = std::make_shared<SystemClock>();
  std::unique_ptr<Impl> impl(new Impl{backend, *timers, std::move(clock), std::string(name)});
  const std::string prefix = impl->name + "/";
  KVSTATE_ASSIGN_OR_RETURN(impl->event_time,
                           timers->GetOrCreateQueue(prefix + "event_time", namespace_serializer, storage));
  KVSTATE_ASSIGN_OR_RETURN(impl->processing_time,
                           timers->GetOrCreateQueue(prefix + "processing_time", namespace_serializer, storage));
  return std::unique_ptr<TimerService>(new TimerService(std::move(impl)));
}

Status TimerService::RegisterEventTimeTimer(ByteView state_namespace, int64_t timestamp) {
  return impl_->Register(*impl_->event_time, state_namespace, timestamp);
}

Status TimerService::DeleteEventTimeTimer(ByteView state_namespace, int64_t timestamp) {
  return impl_->Delete(*impl_->event_time, state_namespace, timestamp);
}

Status TimerService::RegisterProcessingTimeTimer(ByteView state_namespace, int64_t timestamp) {
  return impl_->Register(*impl_->processing_time, state_namespace, timestamp);
}

Status TimerService::DeleteProcessingTimeTimer(ByteView state_namespace, int64_t timestamp) {
  return impl_->Delete(*impl_->processing_time, state_namespace, timestamp);
}

int64_t TimerService::current_watermark() const { return impl_->watermark; }

Status TimerService::AdvanceWatermark(int64_t watermark, const OnTimer& on_timer) {
  if (!impl_->firing) impl_->watermark = std::max(impl_->watermark, watermark);
  return impl_->Fire(*impl_->event_time, impl_->watermark, on_timer);
}

Status TimerService::AdvanceProcessingTime(const OnTimer& on_timer) {
  return impl_->Fire(*impl_->processing_time, impl_->clock->NowMillis(), on_timer);
}

TimerQueue& TimerService::event_time_timers() { return *impl_->event_time; }

TimerQueue& TimerService::processing_time_timers() { return *impl_->processing_time; }

}  // namespace v1
}  // namespace kvstate

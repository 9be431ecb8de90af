#ifndef KVSTATE_BACKENDS_COMMON_BACKEND_TIMER_QUEUE_H_
#define KVSTATE_BACKENDS_COMMON_BACKEND_TIMER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "backends/common/stored_timer.h"
#include "backends/common/timer_format.h"
#include "kvstate/status.h"
#include "kvstate/timers.h"

namespace kvstate::backends {

/// A queue of any storage: timers go in and out of it as they are stored. Groups are counted from the first of the
/// backend's range.
class BackendTimerQueue : public TimerQueue {
 public:
  BackendTimerQueue(const KeyContext& keys, SerializerPtr namespace_serializer, std::string name, TimerStorage storage)
      : format_(keys, std::move(namespace_serializer), std::move(name)), storage_(storage) {}

  const TimerFormat& format() const { return format_; }
  TimerStorage storage() const { return storage_; }

  Result<bool> Add(const Timer& timer) final {
    size_t group = 0;
    StoredTimer stored;
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    KVSTATE_RETURN_IF_ERROR(format_.Store(timer, &group, &stored));
    return AddStored(group, std::move(stored));
  }
  Result<bool> Remove(const Timer& timer) final {
    size_t group = 0;
    StoredTimer stored;
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    KVSTATE_RETURN_IF_ERROR(format_.Store(timer, &group, &stored));
    return RemoveStored(group, stored);
  }
  Result<bool> Peek(Timer* head) final {
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    KVSTATE_ASSIGN_OR_RETURN(const StoredTimer* const first, Head());
    if (first == nullptr) return false;
    KVSTATE_RETURN_IF_ERROR(format_.Load(*first, head));
    return true;
  }
  Result<bool> Poll(Timer* head) final {
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    KVSTATE_ASSIGN_OR_RETURN(const StoredTimer* const first, Head());
    if (first == nullptr) return false;
    Timer found;
    KVSTATE_RETURN_IF_ERROR(format_.Load(*first, &found));
    // Where its parts are in the address stays, as the address is moved.
    const char* const was = first->address().data();
    const auto key_at = static_cast<size_t>(found.key.data() - was);
    const auto namespace_at = static_cast<size_t>(found.state_namespace.data() - was);
    KVSTATE_RETURN_IF_ERROR(TakeHead(&polled_));
    head->timestamp = found.timestamp;
    head->key = polled_.address().substr(key_at, found.key.size());
    head->state_namespace = polled_.address().substr(namespace_at, found.state_namespace.size());
    return true;
  }
  Result<uint64_t> Size() final {
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    return Count();
  }
  Status ForEach(uint32_t key_group, const std::function<Status(const Timer& timer)>& visit) final {
    size_t group = 0;
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    KVSTATE_RETURN_IF_ERROR(format_.GroupIndex(key_group, &group));
    return ForEachStored(group, [&](const StoredTimer& stored) -> Status {
      Timer timer;
      KVSTATE_RETURN_IF_ERROR(format_.Load(stored, &timer));
      return visit(timer);
    });
  }

  /// Whether the head changed.
  virtual Result<bool> AddStored(size_t group, StoredTimer&& timer) = 0;
  virtual Result<bool> RemoveStored(size_t group, const StoredTimer& timer) = 0;
  /// Null when there is none. Valid until the next call.
  virtual Result<const StoredTimer*> Head() = 0;
  /// REQUIRES: the last call was Head, and gave one.
  virtual Status TakeHead(StoredTimer* head) = 0;
  virtual Result<uint64_t> Count() = 0;
  virtual Status ForEachStored(size_t group, const std::function<Status(const StoredTimer&)>& visit) = 0;

  /// Lets go of all that it holds; every call fails from then on.
  void Dispose() {
    open_ = false;
    Close();
  }

 protected:
  virtual void Close() = 0;

 private:
  Status CheckOpen() const {
    if (open_) [[likely]]
      return Status();
    return FailedPreconditionError("timers '" + format_.queue() + "': their backend is disposed of; make a new one");
  }

  TimerFormat format_;
  const TimerStorage storage_;
  bool open_ = true;
  StoredTimer polled_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_BACKEND_TIMER_QUEUE_H_

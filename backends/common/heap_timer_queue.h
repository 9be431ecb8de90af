#ifndef KVSTATE_BACKENDS_COMMON_HEAP_TIMER_QUEUE_H_
#define KVSTATE_BACKENDS_COMMON_HEAP_TIMER_QUEUE_H_

#include <memory>
#include <string>
#include <utility>

#include "backends/common/backend_timer_queue.h"
#include "backends/common/heap_timers.h"

namespace kvstate::backends {

/// A queue in memory.
class HeapTimerQueue final : public BackendTimerQueue {
 public:
  HeapTimerQueue(const KeyContext& keys, SerializerPtr namespace_serializer, std::string name,
                 std::shared_ptr<HeapTimers> timers)
      : BackendTimerQueue(keys, std::move(namespace_serializer), std::move(name), TimerStorage::kHeap),
        timers_(std::move(timers)) {}

  const std::shared_ptr<HeapTimers>& timers() const { return timers_; }

  Result<bool> AddStored(size_t group, StoredTimer&& timer) override { return timers_->Add(group, std::move(timer)); }
  Result<bool> RemoveStored(size_t group, const StoredTimer& timer) override { return timers_->Remove(group, timer); }
  Result<const StoredTimer*> Head() override { return timers_->Head(); }
  Status TakeHead(StoredTimer* head) override {
    *head = timers_->TakeHead();
    return Status();
  }
  Result<uint64_t> Count() override { return timers_->Size(); }
  Status ForEachStored(size_t group, const std::function<Status(const StoredTimer&)>& visit) override {
    return timers_->ForEach(group, visit);
  }

 private:
  void Close() override { timers_.reset(); }

  std::shared_ptr<HeapTimers> timers_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_HEAP_TIMER_QUEUE_H_

#ifndef KVSTATE_BACKENDS_CHECKPOINT_BACKEND_TIMERS_H_
#define KVSTATE_BACKENDS_CHECKPOINT_BACKEND_TIMERS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/snapshot_writer.h"
#include "backends/common/backend_timer_queue.h"
#include "backends/common/heap_timer_queue.h"
#include "backends/common/key_context.h"
#include "kvstate/checkpoint.h"
#include "kvstate/timers.h"

namespace kvstate::backends {

/// What a backend does for its BackendTimers.
class TimersHost {
 public:
  virtual const KeyContext& TimerKeys() const = 0;
  /// FAILED_PRECONDITION when the backend is disposed of.
  virtual Status CheckUsable() const = 0;
  /// Whether MakeStoreQueue works; else every queue is on the heap.
  virtual bool HasTimerStore() const { return false; }
  /// A queue in the backend's own storage, for the state `saved`; `restored`: that of its name, which is unclaimed
  /// until then.
  virtual Result<std::unique_ptr<BackendTimerQueue>> MakeStoreQueue(SerializerPtr /*namespace_serializer*/,
                                                                    std::string_view /*queue*/,
                                                                    const SavedState& /*saved*/, bool /*restored*/) {
    return UnimplementedError("this backend keeps timers on the heap alone");
  }

  /// A restored state of timers in the backend's storage; null when there is none of that name, or no more.
  virtual const SavedState* FindUnclaimedTimers(std::string_view state_name) const = 0;
  /// Calls `visit` for each timer of one, with its key as a state stream has it.
  virtual Status ForEachUnclaimedTimer(const SavedState& state,
                                       const std::function<Status(uint32_t key_group, ByteView key)>& visit) = 0;
  virtual Status DropUnclaimedTimers(const SavedState& state) = 0;
  /// It is claimed: the backend forgets it, but not what it holds.
  virtual void ForgetUnclaimedTimers(std::string_view state_name) = 0;

 protected:
  ~TimersHost() = default;
};

/// The Timers of every backend: queues by name, on the heap or in the backend's storage, and those on the heap in
/// snapshots. Timers in the backend's storage are a state like others there, but for its name.
class BackendTimers final : public Timers {
 public:
  explicit BackendTimers(TimersHost& host) : host_(host) {}

  Result<TimerQueue*> GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                       TimerStorage storage) override;
  std::vector<std::string> QueueNames() const override;
  bool HasCurrentKey() const override { return host_.TimerKeys().IsSet(); }

  bool empty() const { return queues_.empty() && unclaimed_.empty(); }
  /// Of the queues in the backend's storage, in the order in which they were made.
  std::vector<SavedState> StoredStates() const;

  /// `work`, with the queues on the heap as they are now. `handle` is the one that it was begun with.
  std::unique_ptr<SnapshotWork> AddTo(std::unique_ptr<SnapshotWork> work, const KeyedStateHandle& handle) const;
  /// Reads what TakeTimersOff gave. `states`: of all handles, each once.
  Status Restore(CheckpointStorage& storage, std::span<const KeyedStateHandle> timers,
                 const std::vector<SavedState>& states);
  /// After a restore that failed.
  void DropRestored() { unclaimed_.clear(); }
  void Dispose();

 private:
  struct Queue {
    std::string name;
    SavedState saved;  ///< Its state, in the form it has.
    std::unique_ptr<BackendTimerQueue> queue;
  };
  /// On the heap, restored, and not asked for yet.
  struct Unclaimed {
    SavedState saved;
    std::shared_ptr<HeapTimers> timers;
  };

  std::vector<Unclaimed>::iterator FindUnclaimed(std::string_view state_name);
  Status CheckNamespace(std::string_view queue, const SavedState* restored,
                        const SerializerSnapshot& namespace_serializer) const;
  Result<Queue*> FindOrMake(std::string_view name, SerializerPtr namespace_serializer, TimerStorage storage);
  Result<std::unique_ptr<BackendTimerQueue>> MakeQueue(std::string_view name, SerializerPtr namespace_serializer,
                                                       TimerStorage storage);
  /// Moves into the queue what was restored in the other form.
  Status TakeOver(Queue& queue);

  TimersHost& host_;
  std::vector<Queue> queues_;
  std::vector<Unclaimed> unclaimed_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_BACKEND_TIMERS_H_

#ifndef KVSTATE_BACKENDS_EMBEDDED_STORE_TIMER_QUEUE_H_
#define KVSTATE_BACKENDS_EMBEDDED_STORE_TIMER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/common/backend_timer_queue.h"
#include "backends/common/timer_sets.h"
#include "backends/embedded/ordered_store.h"
#include "backends/embedded/state_table.h"

namespace kvstate::backends {

/// A queue in a table of an engine, with keys `key group | timestamp | address`, so that the first of a key group is
/// found by a seek. The first timers of each key group are in memory as well. Writes are held back, group by group, and
/// go to the table in the order of keys, which spares an engine most of the way to where each belongs: when the group
/// is read, when many are held, and when somebody else is to see them.
///
/// Invariant, once loaded: what is in memory of a group are its first timers, and there are some if it has any; or the
/// group is the one to be filled, and has none before fill_from_.
class StoreTimerQueue final : public BackendTimerQueue {
 public:
  /// `store_writes` and `changes` as StateTable's.
  StoreTimerQueue(const KeyContext& keys, SerializerPtr namespace_serializer, std::string name,
                  std::unique_ptr<StoreTable> table, bool is_empty, uint64_t* store_writes, TableChanges* changes);

  /// REQUIRES: it is not disposed of.
  StoreTable& store_table() { return table_->store_table(); }

  /// Afterwards the table has all that was written; to be called before the table is read from outside.
  Status WriteHeld();

  Result<bool> AddStored(size_t group, StoredTimer&& timer) override;
  Result<bool> RemoveStored(size_t group, const StoredTimer& timer) override;
  Result<const StoredTimer*> Head() override;
  Status TakeHead(StoredTimer* head) override;
  Result<uint64_t> Count() override;
  Status ForEachStored(size_t group, const std::function<Status(const StoredTimer&)>& visit) override;

 private:
  struct Held {
    StoredTimer timer;
    bool removed = false;
  };

  void Close() override {
    held_.clear();
    table_.reset();
  }
  /// The timer is to be put into the table, or removed from it.
  Status Hold(size_t group, const StoredTimer& timer, bool removed);
  Status WriteHeldOf(size_t group);

  /// Holds the invariant.
  Status Prepare() {
    if (loaded_ && !to_fill_.has_value()) [[likely]]
      return Status();
    return Fill();
  }
  Status Fill();
  Status FillGroup(size_t group, ByteView from);
  /// To be called when one was taken out of the group's memory: it is to be filled when that was the last one there.
  void Taken(size_t group, const StoredTimer& timer);
  /// The key of a timer in the table; valid until the next call.
  ByteView KeyOf(size_t group, const StoredTimer& timer);
  /// The least key of a group, which may be the one behind the last.
  std::string BoundOf(size_t group) const;
  /// Calls `visit` for timers of the group from `from` on, `most` at most; false at the group's end.
  Result<bool> Scan(size_t group, ByteView from, size_t most, const std::function<void(StoredTimer timer)>& visit);

  const size_t key_group_bytes_;
  const size_t most_in_memory_;  ///< Of a group.
  const size_t most_held_;       ///< Of a group.
  std::unique_ptr<StateTable> table_;
  std::vector<std::vector<Held>> held_;  ///< For each group, in the order in which they were written.
  TimerSets first_;
  std::vector<bool> all_in_memory_;  ///< For each group.
  bool loaded_;
  std::optional<size_t> to_fill_;  ///< A group, from the table.
  std::string fill_from_;
  ByteWriter key_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_STORE_TIMER_QUEUE_H_

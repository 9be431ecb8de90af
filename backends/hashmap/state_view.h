#ifndef KVSTATE_BACKENDS_HASHMAP_STATE_VIEW_H_
#define KVSTATE_BACKENDS_HASHMAP_STATE_VIEW_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/hashmap/entry_buffer.h"
#include "backends/hashmap/table_cursor.h"
#include "kvstate/bytes.h"

namespace kvstate::backends::hashmap {

/// How far one snapshot is with one table: shared by the thread that writes it and by the owner, who keeps for it what
/// he is about to change. Guarded by the table's lock.
struct TableView {
  /// A map that the writer works at. The cursor is past it; it is done with those before `at`.
  struct MapInHand {
    std::string key;
    std::string state_namespace;
  };

  /// Whether the writer reads entries of that hash at this moment, without the lock: the owner then waits. Adding,
  /// removing and moving entries has to wait for any reading.
  bool IsReading(uint64_t hash) const { return IsReading() && hash >= read_from && (read_to == 0 || hash < read_to); }
  bool IsReading() const { return reading.load(std::memory_order_acquire); }

  /// Whether the writer has seen an entry. `user_key` and what follows are of maps.
  bool Passed(uint64_t hash) const { return cursor.Passed(hash); }
  bool Passed(uint64_t hash, ByteView key, ByteView state_namespace, ByteView user_key) const {
    if (!cursor.Passed(hash)) return false;
    for (size_t i = at; i < in_hand.size(); ++i) {
      if (in_hand[i].key != key || in_hand[i].state_namespace != state_namespace) continue;
      return i == at && last_user_key.has_value() && user_key <= ByteView(*last_user_key);
    }
    return true;
  }

  TableCursor cursor;
  uint64_t read_from = 0;
  uint64_t read_to = 0;  ///< 0: to the end.
  std::atomic<bool> reading{false};
  std::vector<MapInHand> in_hand;
  size_t at = 0;
  std::optional<std::string> last_user_key;  ///< Of the map at `at`: what was taken last.
  EntryBuffer before;                        ///< Entries as they were before the owner changed them.
  std::atomic<bool> done{false};             ///< Set under the lock; the writer will not look at the table again.
};

/// One snapshot of one state: it has what was changed before `epoch`. Of an increment, the owner knows that it needs
/// nothing that was last changed before `base`; 0: it may need all. Of ChangeSets it needs those from `sets_from` on.
class StateView {
 public:
  StateView(uint32_t epoch, uint32_t base, uint32_t sets_from, size_t tables)
      : epoch_(epoch),
        base_(base),
        sets_from_(sets_from),
        count_(tables),
        tables_(std::make_unique<TableView[]>(tables)) {}

  uint32_t epoch() const { return epoch_; }
  uint32_t sets_from() const { return sets_from_; }
  /// Whether it may need an entry as it is, when it was last changed then.
  bool Wants(uint32_t changed_in) const { return changed_in < epoch_ && changed_in >= base_; }
  TableView& operator[](size_t table) { return tables_[table]; }
  bool IsDone(size_t table) const { return tables_[table].done.load(std::memory_order_acquire); }
  bool IsDone() const { return done_.load(std::memory_order_acquire); }
  /// The writer is through, or will never come.
  void End() {
    for (size_t i = 0; i < count_; ++i) tables_[i].done.store(true, std::memory_order_release);
    done_.store(true, std::memory_order_release);
  }

 private:
  const uint32_t epoch_;
  const uint32_t base_;
  const uint32_t sets_from_;
  const size_t count_;
  const std::unique_ptr<TableView[]> tables_;
  std::atomic<bool> done_{false};
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATE_VIEW_H_

#ifndef KVSTATE_BACKENDS_HASHMAP_STATE_CHANGES_H_
#define KVSTATE_BACKENDS_HASHMAP_STATE_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/hashmap/change_clock.h"
#include "backends/hashmap/change_set.h"
#include "backends/hashmap/entry_table.h"
#include "backends/hashmap/spin_lock.h"
#include "backends/hashmap/state_view.h"
#include "kvstate/bytes.h"

namespace kvstate::backends::hashmap {

class StateTables;

/// What was changed in one table, and when.
///
/// A stamp is twice the epoch in which the entry was last changed, plus one if it was added in that epoch too: if it is
/// then removed, nobody but a snapshot of that epoch has known it. Maps have no stamps: what is changed there is a user
/// key's entry, and the sets have all of them. Of other kinds the sets have what was removed.
///
/// Written by the owner alone: under the lock while a snapshot is not done with the table.
struct TableChanges {
  SpinLock lock;
  TableStamps stamps;
  std::vector<std::shared_ptr<ChangeSet>> sets;  ///< By ascending epoch.
};

/// What is changed in one state, for the snapshots that run and for increments. The state tells it of every change
/// before it is made. Nothing that a running snapshot needs is then lost: the owner keeps the entry as it is in the
/// snapshot's view, unless the writer has seen it.
class StateChanges {
 public:
  StateChanges(StateTables& tables, ChangeClock& clock);

  // --- Owner's thread ---

  /// Whether the table's lock must be held to change it; takes it then, when nobody reads, and gives null otherwise.
  SpinLock* LockIfWatched(size_t table) { return LockUnlessRead(table, nullptr); }
  /// The same to change what is stored under an existing key of that hash, which stays where it is.
  SpinLock* LockToUpdate(size_t table, uint64_t hash) { return LockUnlessRead(table, &hash); }
  /// Whether an entry's stamp says that it was changed in this epoch: then nobody needs to know of more changes.
  bool IsFresh(size_t table, size_t index) const {
    const TableStamps& stamps = tables_changes_[table].stamps;
    return stamps != nullptr && stamps[index] >> 1 == clock_.epoch;
  }
  // The rest under one of these locks.
  void BeforeUpdate(size_t table, const char* slot);
  void AfterInsert(size_t table, const char* slot);
  /// Of all kinds; of maps with all that they have.
  void BeforeErase(size_t table, const char* slot);
  /// An entry of a map is added (`exists` false), changed or removed. `value` is null where a null is stored.
  void BeforeUserKeyChange(size_t table, const char* slot, ByteView user_key, bool exists, const void* value);
  TableStamps* stamps(size_t table) { return &tables_changes_[table].stamps; }

  std::shared_ptr<StateView> AddView(uint32_t epoch, uint32_t base, uint32_t sets_from);
  /// Whether nobody wants to know of changes any more.
  bool IsIdle();
  /// Forgets all changes. REQUIRES: IsIdle().
  void Forget();
  /// The state is going: there will be no more changes.
  void ForgetViews() { views_.clear(); }

  // --- Any thread, under the table's lock ---

  TableChanges& operator[](size_t table) { return tables_changes_[table]; }
  uint32_t ChangedIn(size_t table, size_t index) const {
    const TableStamps& stamps = tables_changes_[table].stamps;
    return stamps == nullptr ? 0 : stamps[index] >> 1;
  }
  /// Of maps: whether an entry was changed in that epoch or later.
  bool IsChangedSince(size_t table, uint32_t epoch, ByteView composite_key) const;

 private:
  SpinLock* LockUnlessRead(size_t table, const uint64_t* hash);
  ChangeSet& CurrentSet(TableChanges& changes);
  void Stamp(size_t table, size_t index, uint32_t stamp);
  void KeepObject(size_t table, const char* slot, uint32_t changed_in);
  uint32_t OldestNeeded() const;

  StateTables& tables_;
  ChangeClock& clock_;
  const std::unique_ptr<TableChanges[]> tables_changes_;
  std::vector<std::shared_ptr<StateView>> views_;
  ByteWriter key_;
  ByteWriter value_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATE_CHANGES_H_

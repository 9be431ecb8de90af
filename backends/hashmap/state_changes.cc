#include "backends/hashmap/state_changes.h"

#include <algorithm>
#include <cassert>

#include "backends/hashmap/map_entries.h"
#include "backends/hashmap/state_tables.h"

namespace kvstate::backends::hashmap {

StateChanges::StateChanges(StateTables& tables, ChangeClock& clock)
    : tables_(tables), clock_(clock), tables_changes_(std::make_unique<TableChanges[]>(tables.size())) {}

SpinLock* StateChanges::LockUnlessRead(size_t table, const uint64_t* hash) {
  if (std::all_of(views_.begin(), views_.end(), [table](const auto& view) { return view->IsDone(table); })) {
    return nullptr;
  }
  SpinLock* lock = &tables_changes_[table].lock;
  const auto is_read = [table, hash](const std::shared_ptr<StateView>& view) {
    const TableView& seen = (*view)[table];
    return hash == nullptr ? seen.IsReading() : seen.IsReading(*hash);
  };
  for (SpinWait wait;; wait.Once()) {
    lock->lock();
    if (std::none_of(views_.begin(), views_.end(), is_read)) return lock;
    lock->unlock();
  }
}

uint32_t StateChanges::OldestNeeded() const {
  uint32_t oldest = clock_.tracking ? clock_.floor : clock_.epoch;
  for (const auto& view : views_) {
    if (!view->IsDone()) oldest = std::min(oldest, view->sets_from());
  }
  return oldest;
}

ChangeSet& StateChanges::CurrentSet(TableChanges& changes) {
  if (changes.sets.empty() || changes.sets.back()->epoch() != clock_.epoch) {
    const uint32_t oldest = OldestNeeded();
    std::erase_if(changes.sets, [oldest](const auto& set) { return set->epoch() < oldest; });
    changes.sets.push_back(std::make_shared<ChangeSet>(clock_.epoch));
  }
  return *changes.sets.back();
}

void StateChanges::Stamp(size_t table, size_t index, uint32_t stamp) {
  TableStamps& stamps = tables_changes_[table].stamps;
  if (stamps == nullptr) stamps = std::make_unique<uint32_t[]>(tables_[table].capacity());
  stamps[index] = stamp;
}

void StateChanges::KeepObject(size_t table, const char* slot, uint32_t changed_in) {
  const TableLayout& layout = tables_.layout();
  bool encoded = false;
  for (const auto& view : views_) {
    if (!view->Wants(changed_in) || view->IsDone(table)) continue;
    TableView& seen = (*view)[table];
    if (seen.Passed(layout.HashOf(slot))) continue;
    if (!encoded) {
      encoded = true;
      tables_.WriteKey(table, slot, key_);
      value_.Clear();
      const auto& cell = static_cast<const ObjectCell&>(tables_.payload());
      cell.serializer().Serialize(cell.Object(layout.PayloadOf(slot)), value_);
    }
    seen.before.Add(changed_in, tables_.WithoutKeyGroup(key_.view()), value_.view());
  }
}

void StateChanges::BeforeUpdate(size_t table, const char* slot) {
  const size_t index = tables_[table].IndexOf(tables_.layout(), slot);
  const uint32_t changed_in = ChangedIn(table, index);
  if (changed_in == clock_.epoch) return;
  KeepObject(table, slot, changed_in);
  Stamp(table, index, clock_.epoch << 1);
  ++clock_.changes;
}

void StateChanges::AfterInsert(size_t table, const char* slot) {
  if (tables_.payload().map_entries() != nullptr) return;
  Stamp(table, tables_[table].IndexOf(tables_.layout(), slot), clock_.epoch << 1 | 1);
  ++clock_.changes;
}

void StateChanges::BeforeErase(size_t table, const char* slot) {
  const TableLayout& layout = tables_.layout();
  if (const MapEntries* maps = tables_.payload().map_entries()) {
    maps->ForEach(layout.PayloadOf(slot), nullptr, [&](ByteView user_key, const void* value) {
      BeforeUserKeyChange(table, slot, user_key, /*exists=*/true, value);
      return true;
    });
    return;
  }
  const size_t index = tables_[table].IndexOf(layout, slot);
  const TableStamps& stamps = tables_changes_[table].stamps;
  const uint32_t stamp = stamps == nullptr ? 0 : stamps[index];
  if (stamp >> 1 != clock_.epoch) KeepObject(table, slot, stamp >> 1);
  if (!clock_.tracking || stamp == (clock_.epoch << 1 | 1)) return;
  tables_.WriteKey(table, slot, key_);
  CurrentSet(tables_changes_[table]).Append(key_.view(), /*was_absent=*/false);
  if (stamp >> 1 != clock_.epoch) ++clock_.changes;
}

void StateChanges::BeforeUserKeyChange(size_t table, const char* slot, ByteView user_key, bool exists,
                                       const void* value) {
  TableChanges& changes = tables_changes_[table];
  tables_.WriteKey(table, slot, key_);
  key_.PutBytes(user_key);
  if (!CurrentSet(changes).Add(key_.view(), !exists)) return;
  ++clock_.changes;
  if (!exists) return;
  const TableLayout& layout = tables_.layout();
  uint32_t changed_in = 0;
  for (size_t i = changes.sets.size() - 1; i-- > 0;) {
    if (!changes.sets[i]->Contains(key_.view())) continue;
    changed_in = changes.sets[i]->epoch();
    break;
  }
  bool encoded = false;
  for (const auto& view : views_) {
    if (!view->Wants(changed_in) || view->IsDone(table)) continue;
    TableView& seen = (*view)[table];
    if (seen.Passed(layout.HashOf(slot), layout.KeyOf(slot), layout.NamespaceOf(slot), user_key)) continue;
    if (!encoded) {
      encoded = true;
      tables_.payload().map_entries()->SerializeValue(value, value_);
    }
    seen.before.Add(changed_in, tables_.WithoutKeyGroup(key_.view()), value_.view());
  }
}

std::shared_ptr<StateView> StateChanges::AddView(uint32_t epoch, uint32_t base, uint32_t sets_from) {
  IsIdle();
  return views_.emplace_back(std::make_shared<StateView>(epoch, base, sets_from, tables_.size()));
}

bool StateChanges::IsIdle() {
  if (views_.empty()) return !clock_.tracking;
  std::erase_if(views_, [](const auto& view) { return view->IsDone(); });
  return views_.empty() && !clock_.tracking;
}

void StateChanges::Forget() {
  views_.clear();
  for (size_t i = 0; i < tables_.size(); ++i) {
    tables_changes_[i].stamps.reset();
    tables_changes_[i].sets.clear();
  }
}

bool StateChanges::IsChangedSince(size_t table, uint32_t epoch, ByteView composite_key) const {
  const auto& sets = tables_changes_[table].sets;
  for (size_t i = sets.size(); i-- > 0 && sets[i]->epoch() >= epoch;) {
    if (sets[i]->Contains(composite_key)) return true;
  }
  return false;
}

}  // namespace kvstate::backends::hashmap

#include "backends/embedded/change_tracker.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvstate::backends {

void TableChanges::NoteIn(KeySet& keys, ByteView key) {
  Waiting& newest = waiting_[oldest_];
  if (newest.used) {
    InsertOldest();
    if (keys_ == nullptr) return;  // That was one too many.
  }
  newest.key = key;
  newest.hash = KeySet::HashOf(key);
  newest.used = true;
  keys.PrefetchSlot(newest.hash);
  oldest_ = 1 - oldest_;
  if (waiting_[oldest_].used) keys.PrefetchKey(waiting_[oldest_].hash);
}

void TableChanges::InsertOldest() {
  Waiting& oldest = waiting_[oldest_];
  oldest.used = false;
  if (keys_->Insert(oldest.key, oldest.hash)) tracker_.CountChange();
}

void TableChanges::Settle() {
  for (size_t i = 0; i < waiting_.size(); ++i, oldest_ = 1 - oldest_) {
    if (keys_ != nullptr && waiting_[oldest_].used) InsertOldest();
  }
}

void TableChanges::SetKeys(std::shared_ptr<KeySet> keys) {
  for (Waiting& waiting : waiting_) waiting.used = false;
  keys_ = std::move(keys);
}

uint64_t ChangeSpan::MostChanges() const {
  uint64_t changes = 0;
  for (const auto& sets : of_states) {
    for (const auto& set : sets) changes += set->size();
  }
  return changes;
}

void ChangeTracker::NewSets() {
  for (auto& [name, table] : tables_) {
    // An empty set serves the next epoch as well.
    if (table->keys_ == nullptr || table->keys_->size() > 0) table->SetKeys(std::make_shared<KeySet>());
  }
  removed_.clear();
}

void ChangeTracker::Start(uint64_t checkpoint_id) {
  Stop();
  on_ = true;
  complete_since_ = checkpoint_id;
  NewSets();
}

void ChangeTracker::Stop() {
  on_ = false;
  changes_ = 0;
  most_changes_ = kMostChangesUnconfirmed;
  epochs_.clear();
  removed_.clear();
  for (auto& [name, table] : tables_) table->SetKeys(nullptr);
}

TableChanges* ChangeTracker::AddState(const std::string& name) {
  auto& table = tables_[name];
  assert(table == nullptr);
  table = std::make_unique<TableChanges>(*this);
  if (on_) table->SetKeys(std::make_shared<KeySet>());
  return table.get();
}

void ChangeTracker::StateRemoved(const std::string& name) {
  tables_.erase(name);
  if (on_) removed_.insert(name);
}

void ChangeTracker::EndEpoch(uint64_t checkpoint_id) {
  for (const auto& [name, table] : tables_) table->Settle();
  if (!on_) return;
  Epoch epoch{checkpoint_id, {}, removed_};
  for (const auto& [name, table] : tables_) {
    if (table->keys_->size() > 0) epoch.changes[name] = table->keys_;
  }
  epochs_.push_back(std::move(epoch));
  NewSets();
}

std::optional<ChangeSpan> ChangeTracker::Between(uint64_t after, uint64_t until,
                                                 std::span<const SavedState> states) const {
  if (!on_ || after < complete_since_) return std::nullopt;
  ChangeSpan span;
  span.of_states.resize(states.size());
  for (const Epoch& epoch : epochs_) {
    if (epoch.until <= after || epoch.until > until) continue;
    for (size_t i = 0; i < states.size(); ++i) {
      if (epoch.removed.contains(states[i].name)) return std::nullopt;
      const auto changed = epoch.changes.find(states[i].name);
      if (changed != epoch.changes.end()) span.of_states[i].push_back(changed->second);
    }
  }
  return span;
}

void ChangeTracker::DropUpTo(uint64_t oldest, uint64_t confirmed) {
  if (!on_) return;
  while (!epochs_.empty() && epochs_.front().until <= oldest) epochs_.pop_front();
  complete_since_ = std::max(complete_since_, oldest);
  changes_ = 0;
  for (const auto& [name, table] : tables_) changes_ += table->keys_->size();
  for (const Epoch& epoch : epochs_) {
    if (epoch.until <= confirmed) continue;
    for (const auto& [name, set] : epoch.changes) changes_ += set->size();
  }
}

void ChangeTracker::Replace(uint64_t after, uint64_t until, std::span<const SavedState> states,
                            std::span<const std::shared_ptr<const KeySet>> merged) {
  if (!on_ || after < complete_since_) return;
  Epoch whole{until, {}, {}};
  for (size_t i = 0; i < states.size(); ++i) whole.changes[states[i].name] = merged[i];
  std::deque<Epoch> kept;
  bool replaced = false;
  for (Epoch& epoch : epochs_) {
    if (epoch.until > until && !std::exchange(replaced, true)) kept.push_back(whole);
    if (epoch.until > after && epoch.until <= until) {
      // What of a state that is no more there, or that is another by now, stays for who asks from further on.
      whole.removed.insert(epoch.removed.begin(), epoch.removed.end());
      continue;
    }
    kept.push_back(std::move(epoch));
  }
  if (!replaced) kept.push_back(std::move(whole));
  epochs_ = std::move(kept);
}

}  // namespace kvstate::backends

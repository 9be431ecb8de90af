#include "backends/hashmap/view_writer.h"

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "backends/hashmap/state_changes.h"

namespace kvstate::backends::hashmap {

namespace {

/// Of maps, taken under the lock at a time: some microseconds.
constexpr size_t kBatch = 64;
/// Of other kinds: groups of slots, each with some ten entries.
constexpr size_t kBatchGroups = 4;

}  // namespace

ViewWriter::ViewWriter(StateTables& tables, StateView& view, uint32_t base, SnapshotFilter filter)
    : tables_(tables),
      view_(view),
      base_(base),
      filter_(std::move(filter)),
      maps_(tables.payload().map_entries()),
      parser_(tables.key_format()) {}

Status ViewWriter::Write(size_t table, StreamPart& out) {
  if (base_ != 0) CollectCandidates(table);
  if (maps_ == nullptr) {
    KVSTATE_RETURN_IF_ERROR(WalkObjects(table, out));
  } else {
    KVSTATE_RETURN_IF_ERROR(base_ == 0 ? WalkMaps(table, out) : LookUpCandidates(table, out));
  }
  EntryBuffer before;
  {
    const std::lock_guard lock((*tables_.changes)[table].lock);
    before = std::move(view_[table].before);
    view_[table].done.store(true, std::memory_order_release);
  }
  KVSTATE_RETURN_IF_ERROR(WriteBatch(out, before));
  for (const auto& [key, candidate] : candidates_) {
    if (candidate.written || candidate.was_absent) continue;
    KVSTATE_RETURN_IF_ERROR(out.Add(key, {}, /*removed=*/true));
  }
  return Status();
}

void ViewWriter::CollectCandidates(size_t table) {
  candidates_.clear();
  sets_.clear();
  {
    TableChanges& changes = (*tables_.changes)[table];
    const std::lock_guard lock(changes.lock);
    for (const auto& set : changes.sets) {
      // Those before the snapshot's epoch change no more.
      if (set->epoch() >= base_ && set->epoch() < view_.epoch()) sets_.push_back(set);
    }
  }
  for (const auto& set : sets_) {
    // Of several sets that have a key the first says whether it was there at the base.
    set->ForEach([this](ByteView composite, bool was_absent) {
      candidates_.try_emplace(tables_.WithoutKeyGroup(composite), Candidate{composite, was_absent, false});
    });
  }
}

uint64_t ViewWriter::CountChanges(size_t table) {
  CollectCandidates(table);
  uint64_t count = candidates_.size();
  if (maps_ != nullptr) return count;
  TableChanges& changes = (*tables_.changes)[table];
  const std::lock_guard lock(changes.lock);
  if (changes.stamps == nullptr) return count;
  for (size_t i = 0; i < tables_[table].capacity(); ++i) {
    if (changes.stamps[i] >> 1 >= base_ && tables_[table].IsFull(i)) ++count;
  }
  return count;
}

Status ViewWriter::WalkObjects(size_t table, StreamPart& out) {
  TableView& seen = view_[table];
  SpinLock& lock = (*tables_.changes)[table].lock;
  for (TableCursor cursor; !cursor.AtEnd();) {
    const uint32_t* stamps = nullptr;
    {
      const std::lock_guard held(lock);
      seen.read_from = cursor.position();
      const size_t group = tables_[table].capacity() == 0 ? 0 : tables_[table].HomeGroup(seen.read_from);
      seen.read_to = tables_[table].HashAfterGroup(group + kBatchGroups - 1);
      stamps = (*tables_.changes)[table].stamps.get();
      seen.reading.store(true, std::memory_order_relaxed);
    }
    batch_.Clear();
    TakeObjects(table, seen.read_to, stamps, &cursor);
    {
      const std::lock_guard held(lock);
      seen.cursor = cursor;
      seen.reading.store(false, std::memory_order_release);
    }
    KVSTATE_RETURN_IF_ERROR(WriteBatch(out, batch_));
  }
  return Status();
}

/// Takes the entries from the cursor to hash `end` (0: all). `stamps` are the table's.
void ViewWriter::TakeObjects(size_t table, uint64_t end, const uint32_t* stamps, TableCursor* cursor) {
  const TableLayout& layout = tables_.layout();
  const auto& cell = static_cast<const ObjectCell&>(tables_.payload());
  const EntryTable& entries = tables_[table];
  while (!cursor->AtEnd() && (end == 0 || cursor->position() < end)) {
    cursor->Next(layout, entries, [&](const char* slot) {
      const uint32_t changed_in = stamps == nullptr ? 0 : stamps[entries.IndexOf(layout, slot)] >> 1;
      if (changed_in >= view_.epoch() || changed_in < base_) return;
      tables_.WriteKey(table, slot, key_);
      value_.Clear();
      cell.serializer().Serialize(cell.Object(layout.PayloadOf(slot)), value_);
      batch_.Add(changed_in, tables_.WithoutKeyGroup(key_.view()), value_.view());
    });
  }
}

Status ViewWriter::WalkMaps(size_t table, StreamPart& out) {
  TableView& seen = view_[table];
  for (bool more = true; more;) {
    batch_.Clear();
    {
      const std::lock_guard lock((*tables_.changes)[table].lock);
      TakeMaps(table, seen);
      more = !seen.cursor.AtEnd() || seen.at != seen.in_hand.size();
    }
    KVSTATE_RETURN_IF_ERROR(WriteBatch(out, batch_));
  }
  return Status();
}

void ViewWriter::TakeMaps(size_t table, TableView& seen) {
  const TableLayout& layout = tables_.layout();
  for (size_t budget = kBatch; budget != 0;) {
    if (seen.at != seen.in_hand.size()) {
      if (!TakeMap(table, seen, &budget)) return;
      ++seen.at;
      seen.last_user_key.reset();
      continue;
    }
    seen.in_hand.clear();
    seen.at = 0;
    if (seen.cursor.AtEnd()) return;
    --budget;
    seen.cursor.Next(layout, tables_[table], [&](const char* slot) {
      seen.in_hand.push_back({std::string(layout.KeyOf(slot)), std::string(layout.NamespaceOf(slot))});
    });
  }
}

/// False: the budget is used up before the map in hand is.
bool ViewWriter::TakeMap(size_t table, TableView& seen, size_t* budget) {
  const TableView::MapInHand& map = seen.in_hand[seen.at];
  const void* payload = tables_.Find(table, map.key, map.state_namespace);
  if (payload == nullptr) return true;
  tables_.key_format().WritePrefix(tables_.KeyGroupAt(table), map.key, map.state_namespace, key_);
  const size_t prefix = key_.size();
  const std::optional<std::string> last = seen.last_user_key;
  const ByteView last_view = last.has_value() ? ByteView(*last) : ByteView();
  bool all = true;
  maps_->ForEach(payload, last.has_value() ? &last_view : nullptr, [&](ByteView user_key, const void* value) {
    key_.Truncate(prefix);
    key_.PutBytes(user_key);
    if (!tables_.changes->IsChangedSince(table, view_.epoch(), key_.view())) {
      maps_->SerializeValue(value, value_);
      batch_.Add(0, tables_.WithoutKeyGroup(key_.view()), value_.view());
    }
    if (--*budget != 0) return true;
    seen.last_user_key = std::string(user_key);
    all = false;
    return false;
  });
  return all;
}

Status ViewWriter::LookUpCandidates(size_t table, StreamPart& out) {
  for (auto next = candidates_.begin(); next != candidates_.end();) {
    batch_.Clear();
    {
      const std::lock_guard lock((*tables_.changes)[table].lock);
      for (size_t i = 0; i < kBatch && next != candidates_.end(); ++i, ++next) {
        KVSTATE_RETURN_IF_ERROR(LookUp(table, next->second));
      }
    }
    KVSTATE_RETURN_IF_ERROR(WriteBatch(out, batch_));
  }
  return Status();
}

/// Takes a map's entry as it is now, if it is and was in the snapshot's time the same.
Status ViewWriter::LookUp(size_t table, const Candidate& candidate) {
  if (tables_.changes->IsChangedSince(table, view_.epoch(), candidate.composite)) return Status();
  KVSTATE_RETURN_IF_ERROR(parser_.Parse(candidate.composite));
  const void* payload = tables_.Find(table, parser_.key(), parser_.state_namespace());
  const void* value = nullptr;
  if (payload == nullptr || !maps_->Find(payload, parser_.user_key(), &value)) return Status();
  maps_->SerializeValue(value, value_);
  batch_.Add(base_, tables_.WithoutKeyGroup(candidate.composite), value_.view());
  return Status();
}

Status ViewWriter::WriteBatch(StreamPart& out, const EntryBuffer& batch) {
  return batch.ForEach([&](uint32_t changed_in, ByteView key, ByteView value) -> Status {
    if (base_ != 0) {
      const auto candidate = candidates_.find(key);
      if (candidate != candidates_.end()) {
        if (candidate->second.written) return Status();
        candidate->second.written = true;
      } else if (maps_ != nullptr || changed_in < base_) {
        return Status();
      }
      return out.Add(key, value, /*removed=*/false);
    }
    KVSTATE_ASSIGN_OR_RETURN(const bool is_written, filter_.Admit(&value));
    return is_written ? out.Add(key, value, /*removed=*/false) : Status();
  });
}

}  // namespace kvstate::backends::hashmap

#ifndef KVSTATE_BACKENDS_HASHMAP_TABLE_CURSOR_H_
#define KVSTATE_BACKENDS_HASHMAP_TABLE_CURSOR_H_

#include <cassert>
#include <cstddef>
#include <cstdint>

#include "backends/hashmap/entry_table.h"

namespace kvstate::backends::hashmap {

/// Walks a table by ascending home group, and lives through any change of it: entries that are there during the whole
/// walk are met exactly once, whatever is added, erased or moved meanwhile.
class TableCursor {
 public:
  bool AtEnd() const { return at_end_; }
  /// The least hash of what has not been met. REQUIRES: !AtEnd().
  uint64_t position() const { return next_hash_; }
  /// Whether entries of that hash have been met.
  bool Passed(uint64_t hash) const { return at_end_ || hash < next_hash_; }
  /// Calls `visit(slot)` for the entries of the next home group, possibly none. REQUIRES: !AtEnd().
  template <class F>
  void Next(const TableLayout& layout, const EntryTable& table, F visit) {
    assert(!at_end_);
    if (table.size() == 0) {
      at_end_ = true;
      return;
    }
    const size_t group = table.HomeGroup(next_hash_);
    // Only after a shrink does a group start before the cursor.
    const bool is_whole = table.FirstHashOf(group) == next_hash_;
    table.ForEachAtHome(layout, group, [&](char* slot) {
      if (is_whole || layout.HashOf(slot) >= next_hash_) visit(slot);
    });
    next_hash_ = table.HashAfterGroup(group);
    at_end_ = next_hash_ == 0;
  }

 private:
  uint64_t next_hash_ = 0;
  bool at_end_ = false;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_TABLE_CURSOR_H_

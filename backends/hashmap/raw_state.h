#ifndef KVSTATE_BACKENDS_HASHMAP_RAW_STATE_H_
#define KVSTATE_BACKENDS_HASHMAP_RAW_STATE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backends/common/value_migration.h"
#include "backends/hashmap/entry_buffer.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::hashmap {

class StateCore;

/// A restored state that nobody has asked for: its entries as the stream has them, since only the one who asks knows
/// the types of the objects. Changes no more once it is restored, and is then shared with snapshots.
class RawState {
 public:
  struct Group {
    EntryBuffer entries;
    size_t count = 0;
  };

  explicit RawState(size_t key_groups) : groups_(key_groups) {}

  /// `group` counts from the first key group of the backend's range.
  void Add(size_t group, ByteView key, ByteView value) {
    groups_[group].entries.Add(0, key, value);
    ++groups_[group].count;
    ++entries_;
  }
  const Group& operator[](size_t group) const { return groups_[group]; }
  uint64_t entries() const { return entries_; }

 private:
  std::vector<Group> groups_;
  uint64_t entries_ = 0;
};

/// Decodes all entries into the empty tables of `state`, each after `migration` unless that is null. DATA_LOSS, naming
/// the state, for bytes that its serializers did not write; the tables are then to be thrown away.
Status LoadState(const RawState& raw, ValueMigration* migration, StateCore& state);

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_RAW_STATE_H_

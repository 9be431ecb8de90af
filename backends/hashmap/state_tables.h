#ifndef KVSTATE_BACKENDS_HASHMAP_STATE_TABLES_H_
#define KVSTATE_BACKENDS_HASHMAP_STATE_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/common/composite_key.h"
#include "backends/common/key_context.h"
#include "backends/hashmap/entry_table.h"
#include "backends/hashmap/payload.h"
#include "backends/hashmap/table_memory.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends::hashmap {

class StateChanges;

/// The entries of one state: its tables, one for each key group of the backend's range, and all that is needed to make
/// sense of them. Shared by the state and by snapshots that began before it was removed; who lets go last destroys it,
/// on whatever thread.
class StateTables {
 public:
  StateTables(const KeyContext& key, SerializerPtr namespace_serializer, std::unique_ptr<const Payload> payload);
  StateTables(const StateTables&) = delete;
  StateTables& operator=(const StateTables&) = delete;
  ~StateTables();

  const TableLayout& layout() const { return layout_; }
  const Payload& payload() const { return *payload_; }
  const CompositeKeyFormat& key_format() const { return key_format_; }
  size_t size() const { return tables_.size(); }
  EntryTable* begin() { return tables_.data(); }
  EntryTable& operator[](size_t index) { return tables_[index]; }
  uint32_t KeyGroupAt(size_t index) const { return range_.first + static_cast<uint32_t>(index); }
  /// The table where a key's entries are.
  size_t IndexOf(ByteView key) const;
  /// The payload under a key and namespace in the table where they belong, or null.
  const void* Find(size_t index, ByteView key, ByteView state_namespace) const {
    const char* slot = tables_[index].Find(layout_, MakeEntryKey(key, state_namespace));
    return slot == nullptr ? nullptr : layout_.PayloadOf(slot);
  }
  EntryKey MakeEntryKey(ByteView key, ByteView state_namespace) const;

  /// The composite key of an entry, behind which that of a map has the user key.
  void WriteKey(size_t index, const char* slot, ByteWriter& out) const {
    key_format_.WritePrefix(KeyGroupAt(index), layout_.KeyOf(slot), layout_.NamespaceOf(slot), out);
  }
  /// A composite key as a state stream has it.
  ByteView WithoutKeyGroup(ByteView composite) const { return composite.substr(key_format_.key_group_bytes()); }

  /// What snapshots need of changes; made when the first asks.
  std::unique_ptr<StateChanges> changes;

 private:
  const SerializerPtr key_serializer_;
  const uint32_t max_parallelism_;
  const KeyGroupRange range_;
  const std::unique_ptr<const Payload> payload_;
  const CompositeKeyFormat key_format_;
  TableMemory memory_;
  const TableLayout layout_;
  std::vector<EntryTable> tables_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATE_TABLES_H_

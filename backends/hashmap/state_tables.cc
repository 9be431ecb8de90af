#include "backends/hashmap/state_tables.h"

#include <utility>

#include "backends/hashmap/state_changes.h"
#include "kvstate/key_group.h"

namespace kvstate::backends::hashmap {

namespace {

/// memcpy and memcmp want an address even for no bytes.
ByteView WithAddress(ByteView bytes) { return bytes.data() == nullptr ? ByteView("") : bytes; }

KeyLayout LayoutOf(const TypeSerializer& key_serializer, const TypeSerializer& namespace_serializer) {
  const bool is_void = namespace_serializer.Snapshot().type_id == "void_namespace";
  return KeyLayout::For(key_serializer.info().encoded_size, namespace_serializer.info().encoded_size, is_void);
}

}  // namespace

StateTables::StateTables(const KeyContext& key, SerializerPtr namespace_serializer,
                         std::unique_ptr<const Payload> payload)
    : key_serializer_(key.key_serializer()),
      max_parallelism_(key.max_parallelism()),
      range_(key.range()),
      payload_(std::move(payload)),
      key_format_(key.key_serializer(), namespace_serializer, key.max_parallelism()),
      layout_(LayoutOf(*key_serializer_, *namespace_serializer), *payload_, memory_),
      tables_(range_.size()) {}

StateTables::~StateTables() {
  for (EntryTable& table : tables_) table.Destroy(layout_);
}

size_t StateTables::IndexOf(ByteView key) const {
  return kvstate::KeyGroupOf(key_serializer_->KeyHash(key), max_parallelism_) - range_.first;
}

EntryKey StateTables::MakeEntryKey(ByteView key, ByteView state_namespace) const {
  key = WithAddress(key);
  if (layout_.key.void_namespace) return EntryKey(layout_.key, key, HashKeyBytes(key), ByteView(""), 0);
  state_namespace = WithAddress(state_namespace);
  return EntryKey(layout_.key, key, HashKeyBytes(key), state_namespace, HashNamespaceBytes(state_namespace));
}

}  // namespace kvstate::backends::hashmap

#include "backends/hashmap/entry_key.h"

#include "kvstate/type_serializer.h"

namespace kvstate::backends::hashmap {

KeyLayout KeyLayout::For(size_t key_bytes, size_t namespace_bytes, bool void_namespace) {
  KeyLayout layout;
  layout.void_namespace = void_namespace;
  if (void_namespace) namespace_bytes = 0;
  if (key_bytes == kVariableSize || namespace_bytes == kVariableSize) return layout;
  constexpr size_t kLimit = kMaxKeyWords * sizeof(uint64_t);
  if (key_bytes > kLimit || namespace_bytes > kLimit - key_bytes) return layout;
  layout.key_bytes = key_bytes;
  layout.namespace_bytes = namespace_bytes;
  const size_t words = (key_bytes + namespace_bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t);
  layout.words = words == 0 ? 1 : words;
  return layout;
}

void VariableKey::Set(const EntryKey& entry) {
  key_size = static_cast<uint16_t>(entry.key.size());
  namespace_size = static_cast<uint16_t>(entry.state_namespace.size());
  char* bytes = rest;
  if (!inlined()) {
    bytes = static_cast<char*>(::operator new(size()));
    const auto tag = static_cast<uint32_t>(entry.hash >> 24);
    std::memcpy(rest, &tag, sizeof(tag));
    std::memcpy(rest + sizeof(tag), &bytes, sizeof(bytes));
  }
  if (key_size != 0) std::memcpy(bytes, entry.key.data(), key_size);
  if (namespace_size != 0) std::memcpy(bytes + key_size, entry.state_namespace.data(), namespace_size);
}

void VariableKey::Free() {
  if (!inlined()) ::operator delete(heap());
}

}  // namespace kvstate::backends::hashmap

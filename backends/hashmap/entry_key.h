#ifndef KVSTATE_BACKENDS_HASHMAP_ENTRY_KEY_H_
#define KVSTATE_BACKENDS_HASHMAP_ENTRY_KEY_H_

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kvstate/bytes.h"

namespace kvstate::backends::hashmap {

/// The encoding of the void namespace, which no table stores.
inline constexpr ByteView kVoidNamespaceBytes("\0", 1);

/// Both halves of a 128-bit product, folded: a good hash of one word for the price of one multiplication.
inline uint64_t FoldMultiply(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashKeyWord(uint64_t word) { return FoldMultiply(word ^ 0xa0761d6478bd642full, 0xe7037ed1a0b428dbull); }

inline uint64_t HashKeyBytes(ByteView key) {
  if (key.size() == sizeof(uint64_t)) [[likely]] {
    uint64_t word;
    std::memcpy(&word, key.data(), sizeof(word));
    return HashKeyWord(word);
  }
  return XXH3_64bits(key.data(), key.size());
}

/// 0 for the void namespace, so that its states hash the key alone. The seed keeps equal keys and namespaces from
/// cancelling each other out.
inline uint64_t HashNamespaceBytes(ByteView state_namespace) {
  return XXH3_64bits_withSeed(state_namespace.data(), state_namespace.size(), 0x8ebc6af09c88c6e3ull);
}

/// The largest key and namespace of fixed sizes, together, that a slot holds as words.
inline constexpr size_t kMaxKeyWords = 4;

/// How (key, namespace) stands in a slot.
struct KeyLayout {
  /// 1..kMaxKeyWords: that many words, key bytes then namespace bytes then zeros. 0: a VariableKey.
  size_t words = 0;
  size_t key_bytes = 0;        ///< With words alone.
  size_t namespace_bytes = 0;  ///< With words alone; 0 for the void namespace.
  bool void_namespace = false;

  /// Of sizes that may be kVariableSize.
  static KeyLayout For(size_t key_bytes, size_t namespace_bytes, bool void_namespace);

  size_t slot_bytes() const { return words == 0 ? 16 : words * sizeof(uint64_t); }
};

/// A (key, namespace) to look for: everything the tables need of it, found once.
struct EntryKey {
  /// REQUIRES: sizes as `layout` says. The views must outlive this. `namespace_hash` is HashNamespaceBytes, or 0 for
  /// the void namespace.
  EntryKey(const KeyLayout& layout, ByteView key_bytes, uint64_t key_hash, ByteView namespace_bytes,
           uint64_t namespace_hash)
      : key(key_bytes), state_namespace(namespace_bytes), hash(key_hash ^ namespace_hash) {
    if (layout.words == 1 && layout.key_bytes == sizeof(uint64_t)) [[likely]] {
      std::memcpy(words, key.data(), sizeof(uint64_t));
    } else if (layout.words != 0) {
      std::memset(words, 0, sizeof(words));
      std::memcpy(words, key.data(), layout.key_bytes);
      std::memcpy(reinterpret_cast<char*>(words) + layout.key_bytes, state_namespace.data(), layout.namespace_bytes);
    }
  }

  ByteView key;
  ByteView state_namespace;
  uint64_t hash;
  uint64_t words[kMaxKeyWords];
};

/// (key, namespace) of variable size in 16 bytes of a slot: inline when short, else on the heap.
///
/// Not a C++ object with a lifetime: slots are moved by memcpy. Free ends it.
struct VariableKey {
  static constexpr size_t kInlineBytes = 12;

  uint16_t key_size;
  uint16_t namespace_size;
  char rest[kInlineBytes];  ///< The bytes; or 4 bytes of the hash and the address of the bytes.

  void Set(const EntryKey& entry);
  void Free();
  bool Equals(const EntryKey& entry) const {
    if (key_size != entry.key.size() || namespace_size != entry.state_namespace.size()) return false;
    const char* bytes = rest;
    if (!inlined()) {
      const auto tag = static_cast<uint32_t>(entry.hash >> 24);
      if (std::memcmp(rest, &tag, sizeof(tag)) != 0) return false;
      bytes = heap();
    }
    return std::memcmp(bytes, entry.key.data(), key_size) == 0 &&
           std::memcmp(bytes + key_size, entry.state_namespace.data(), namespace_size) == 0;
  }
  ByteView key() const { return {data(), key_size}; }
  ByteView state_namespace() const { return {data() + key_size, namespace_size}; }
  size_t heap_bytes() const { return inlined() ? 0 : size(); }

 private:
  size_t size() const { return size_t{key_size} + namespace_size; }
  bool inlined() const { return size() <= kInlineBytes; }
  const char* data() const { return inlined() ? rest : heap(); }
  char* heap() const {
    char* bytes;
    std::memcpy(&bytes, rest + 4, sizeof(bytes));
    return bytes;
  }
};
static_assert(sizeof(VariableKey) == 16 && kMaxKeyBytes <= UINT16_MAX);

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_ENTRY_KEY_H_

#ifndef KVSTATE_BACKENDS_EMBEDDED_KEY_SET_H_
#define KVSTATE_BACKENDS_EMBEDDED_KEY_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kvstate/bytes.h"

namespace kvstate::backends {

/// Keys of a table, each once. It only grows, and costs some 16 bytes a key besides the key's own. Not thread-safe;
/// any number of threads may read one that changes no more.
class KeySet {
 public:
  KeySet() = default;
  KeySet(const KeySet&) = delete;
  KeySet& operator=(const KeySet&) = delete;

  /// Whether it was not there. REQUIRES: a composite key, of three parts of up to 65,535 bytes.
  bool Insert(ByteView key) { return Insert(key, HashOf(key)); }

  // The same in steps, for who has something else to do while memory is fetched: PrefetchSlot, then PrefetchKey, then
  // Insert, all with the key's hash.
  static uint64_t HashOf(ByteView key);
  void PrefetchSlot(uint64_t hash) const {
    const Shard& shard = shards_[ShardOf(hash)];
    if (!shard.slots.empty()) __builtin_prefetch(&shard.slots[static_cast<uint32_t>(hash) & (shard.slots.size() - 1)]);
  }
  void PrefetchKey(uint64_t hash) const;
  bool Insert(ByteView key, uint64_t hash);
  size_t size() const { return size_; }

  /// Calls `visit` for each key, in the order in which they were inserted. The views live as long as the set.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Chunk& chunk : chunks_) {
      for (size_t at = 0; at < chunk.used;) {
        const ByteView key = KeyAt(chunk.bytes.get() + at);
        visit(key);
        at += SizeOf(key);
      }
    }
  }

 private:
  // An entry is the key's length, 4 bytes, and the key; it starts at a multiple of 8 bytes in its chunk. A position is
  // the chunk's number and the entry's start in it.
  static constexpr size_t kLengthBytes = 4;
  static constexpr size_t kUnitBytes = 8;
  static constexpr size_t kFirstChunkBytes = size_t{1} << 10;
  static constexpr size_t kChunkBytes = size_t{1} << 18;
  static constexpr uint32_t kUnitsPerChunk = kChunkBytes / kUnitBytes;
  static constexpr size_t kShards = 64;
  static constexpr size_t kFirstSlots = 4;

  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t used = 0;
    size_t capacity = 0;
  };
  struct Slot {
    uint32_t tag = 0;
    uint32_t position_and_1 = 0;  ///< 0: the slot is free.
  };
  /// A table of its own for some of the hashes, so that none is so large that to double it is felt.
  struct Shard {
    std::vector<Slot> slots;  ///< A power of two, linearly probed.
    size_t used = 0;
  };

  static size_t ShardOf(uint64_t hash) { return hash / (UINT64_MAX / kShards + 1); }
  static size_t SizeOf(ByteView key) { return (kLengthBytes + key.size() + kUnitBytes - 1) / kUnitBytes * kUnitBytes; }
  static ByteView KeyAt(const char* entry) {
    uint32_t length = 0;
    std::memcpy(&length, entry, kLengthBytes);
    return {entry + kLengthBytes, length};
  }
  const char* EntryOf(Slot slot) const {
    const uint32_t position = slot.position_and_1 - 1;
    return chunks_[position / kUnitsPerChunk].bytes.get() + size_t{position % kUnitsPerChunk} * kUnitBytes;
  }
  uint32_t Append(ByteView key);
  static void Grow(Shard& shard);

  std::vector<Chunk> chunks_;
  std::array<Shard, kShards> shards_;
  size_t size_ = 0;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_KEY_SET_H_

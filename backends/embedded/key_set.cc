#include "backends/embedded/key_set.h"

#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvstate::backends {

uint64_t KeySet::HashOf(ByteView key) { return XXH3_64bits(key.data(), key.size()); }

void KeySet::PrefetchKey(uint64_t hash) const {
  const Shard& shard = shards_[ShardOf(hash)];
  if (shard.slots.empty()) return;
  const Slot slot = shard.slots[static_cast<uint32_t>(hash) & (shard.slots.size() - 1)];
  if (slot.position_and_1 != 0) __builtin_prefetch(EntryOf(slot));
}

bool KeySet::Insert(ByteView key, uint64_t hash) {
  Shard& shard = shards_[ShardOf(hash)];
  if (4 * (shard.used + 1) > 3 * shard.slots.size()) Grow(shard);
  const auto tag = static_cast<uint32_t>(hash);
  const size_t mask = shard.slots.size() - 1;
  size_t at = tag & mask;
  for (; shard.slots[at].position_and_1 != 0; at = (at + 1) & mask) {
    if (shard.slots[at].tag == tag && KeyAt(EntryOf(shard.slots[at])) == key) return false;
  }
  shard.slots[at] = {tag, Append(key) + 1};
  ++shard.used;
  ++size_;
  return true;
}

uint32_t KeySet::Append(ByteView key) {
  const size_t size = SizeOf(key);
  assert(size <= kChunkBytes);
  if (chunks_.empty() || chunks_.back().used + size > chunks_.back().capacity) {
    const size_t doubled = chunks_.empty() ? kFirstChunkBytes : std::min(2 * chunks_.back().capacity, kChunkBytes);
    const size_t capacity = std::max(doubled, size);
    // Not make_unique, which would write to all of it.
    chunks_.push_back({std::unique_ptr<char[]>(new char[capacity]), 0, capacity});
  }
  Chunk& chunk = chunks_.back();
  const auto length = static_cast<uint32_t>(key.size());
  std::memcpy(chunk.bytes.get() + chunk.used, &length, kLengthBytes);
  if (!key.empty()) std::memcpy(chunk.bytes.get() + chunk.used + kLengthBytes, key.data(), key.size());
  const size_t start = std::exchange(chunk.used, chunk.used + size);
  return static_cast<uint32_t>((chunks_.size() - 1) * kUnitsPerChunk + start / kUnitBytes);
}

void KeySet::Grow(Shard& shard) {
  std::vector<Slot> larger(std::max(kFirstSlots, 2 * shard.slots.size()));
  const size_t mask = larger.size() - 1;
  for (const Slot slot : shard.slots) {
    if (slot.position_and_1 == 0) continue;
    size_t at = slot.tag & mask;
    while (larger[at].position_and_1 != 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  shard.slots = std::move(larger);
}

}  // namespace kvstate::backends

#ifndef KVSTATE_KEY_GROUP_H_
#define KVSTATE_KEY_GROUP_H_

#include <cstdint>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// Key groups are the unit in which keyed state is moved between parallel instances: a key belongs to one for ever,
/// and an instance owns a range of them. The arithmetic is Flink's (KeyGroupRangeAssignment), so that a key lands in
/// the group in which a Flink job would have it.

inline constexpr uint32_t kMaxMaxParallelism = 32768;
inline constexpr uint32_t kDefaultMaxParallelism = 128;

/// Key groups first..last, both included; empty when last < first.
struct KeyGroupRange {
  uint32_t first = 0;
  uint32_t last = kDefaultMaxParallelism - 1;

  bool Contains(uint32_t key_group) const { return key_group >= first && key_group <= last; }
  uint32_t size() const { return last < first ? 0 : last - first + 1; }
  friend bool operator==(const KeyGroupRange&, const KeyGroupRange&) = default;
};

/// Spreads a 32-bit hash: Flink's MathUtils.murmurHash, never negative.
inline uint32_t SpreadKeyHash(uint32_t hash) {
  auto rotl = [](uint32_t v, int by) { return (v << by) | (v >> (32 - by)); };
  uint32_t c = hash * 0xcc9e2d51u;
  c = rotl(c, 15) * 0x1b873593u;
  c = rotl(c, 13) * 5u + 0xe6546b64u;
  c ^= 4u;
  c = (c ^ (c >> 16)) * 0x85ebca6bu;
  c = (c ^ (c >> 13)) * 0xc2b2ae35u;
  c ^= c >> 16;
  // The absolute value, 0 for the least number, without a branch: half of all keys would take it the other way.
  const uint32_t sign = 0u - (c >> 31);
  return ((c ^ sign) - sign) & 0x7fffffffu;
}

/// The key group of a key whose 32-bit hash is `hash` (TypeSerializer::KeyHash). REQUIRES: max_parallelism > 0.
inline uint32_t KeyGroupOf(uint32_t hash, uint32_t max_parallelism) { return SpreadKeyHash(hash) % max_parallelism; }

/// The range of subtask `index` of `parallelism`. REQUIRES: index < parallelism <= max_parallelism.
KVSTATE_EXPORT KeyGroupRange KeyGroupRangeOf(uint32_t max_parallelism, uint32_t parallelism, uint32_t index);

/// The subtask that owns `key_group`: the inverse of KeyGroupRangeOf.
KVSTATE_EXPORT uint32_t SubtaskOf(uint32_t max_parallelism, uint32_t parallelism, uint32_t key_group);

/// Flink's default: 1.5 × parallelism rounded up to a power of two, within 128..32768.
KVSTATE_EXPORT uint32_t DefaultMaxParallelism(uint32_t parallelism);

/// Bytes of the key group in a composite key: 1 when max_parallelism <= 128, else 2.
inline constexpr size_t KeyGroupPrefixBytes(uint32_t max_parallelism) { return max_parallelism <= 128 ? 1 : 2; }

/// INVALID_ARGUMENT unless 1 <= max_parallelism <= 32768 and the range lies within it.
KVSTATE_EXPORT Status CheckKeyGroups(uint32_t max_parallelism, KeyGroupRange range);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_KEY_GROUP_H_

#ifndef KVSTATE_BACKENDS_EMBEDDED_KEY_GROUP_BOUNDS_H_
#define KVSTATE_BACKENDS_EMBEDDED_KEY_GROUP_BOUNDS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kvstate/key_group.h"

namespace kvstate::backends {

/// The least key of `key_group`, of which keys start with `key_group_bytes` bytes: 1 or 2. Key groups are below 2^7 and
/// 2^15, so that there is always a bound behind the last.
inline std::string KeyGroupBound(uint32_t key_group, size_t key_group_bytes) {
  std::string bound;
  if (key_group_bytes == 2) bound.push_back(static_cast<char>(key_group >> 8));
  bound.push_back(static_cast<char>(key_group));
  return bound;
}

/// The key group that stands first in a key of a table. REQUIRES: at least `key_group_bytes`.
inline uint32_t KeyGroupOfTableKey(std::string_view key, size_t key_group_bytes) {
  uint32_t key_group = 0;
  for (size_t i = 0; i < key_group_bytes; ++i) key_group = key_group << 8 | static_cast<uint8_t>(key[i]);
  return key_group;
}

/// Keys from `lower` on, and below `upper`.
struct KeyBounds {
  std::string lower;
  std::string upper;

  bool Contains(std::string_view key) const { return key >= lower && key < upper; }
};

/// All keys of a range that is not empty.
inline KeyBounds BoundsOf(KeyGroupRange range, size_t key_group_bytes) {
  return {KeyGroupBound(range.first, key_group_bytes), KeyGroupBound(range.last + 1, key_group_bytes)};
}

/// Whether all of `inner` is in `outer`.
inline bool Covers(KeyGroupRange outer, KeyGroupRange inner) {
  return inner.size() == 0 || (outer.Contains(inner.first) && outer.Contains(inner.last));
}

/// Key groups in both; empty where there are none.
inline KeyGroupRange Overlap(KeyGroupRange a, KeyGroupRange b) {
  const KeyGroupRange both = {std::max(a.first, b.first), std::min(a.last, b.last)};
  return both.first <= both.last ? both : KeyGroupRange{1, 0};
}

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_KEY_GROUP_BOUNDS_H_

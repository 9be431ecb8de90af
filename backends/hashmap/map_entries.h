#ifndef KVSTATE_BACKENDS_HASHMAP_MAP_ENTRIES_H_
#define KVSTATE_BACKENDS_HASHMAP_MAP_ENTRIES_H_

#include <functional>

#include "kvstate/bytes.h"

namespace kvstate::backends::hashmap {

/// The entries of maps, to code that does not know how they keep their keys. A null value is a null pointer.
class MapEntries {
 public:
  virtual ~MapEntries() = default;
  /// In ascending order of user keys, those after `after` (null: from the first), until `visit` returns false.
  virtual void ForEach(const void* map, const ByteView* after,
                       const std::function<bool(ByteView user_key, const void* value)>& visit) const = 0;
  /// Whether there is such an entry, and its value.
  virtual bool Find(const void* map, ByteView user_key, const void** value) const = 0;
  /// Makes an empty map in raw memory.
  virtual void Construct(void* at) const = 0;
  /// Adds an entry with a copy of `value`. False: it is there already.
  virtual bool Insert(void* map, ByteView user_key, const void* value) const = 0;
  /// Overwrites `out` with a value as engines store it: docs/formats.md.
  virtual void SerializeValue(const void* value, ByteWriter& out) const = 0;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_MAP_ENTRIES_H_

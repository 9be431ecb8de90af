#ifndef KVSTATE_BACKENDS_HASHMAP_MAP_ITERATOR_H_
#define KVSTATE_BACKENDS_HASHMAP_MAP_ITERATOR_H_

#include <memory>

#include "backends/hashmap/map_core.h"
#include "kvstate/internal_kv_state.h"

namespace kvstate::backends::hashmap {

/// Over the map under `key` and `state_namespace`, which are copied.
template <class Keys>
std::unique_ptr<MapIterator> MakeMapIterator(MapCore<Keys>& state, ByteView key, ByteView state_namespace);

extern template std::unique_ptr<MapIterator> MakeMapIterator(MapCore<WordKeys>&, ByteView, ByteView);
extern template std::unique_ptr<MapIterator> MakeMapIterator(MapCore<ByteKeys>&, ByteView, ByteView);

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_MAP_ITERATOR_H_

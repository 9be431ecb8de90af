#ifndef KVSTATE_BACKENDS_HASHMAP_TTL_WALK_H_
#define KVSTATE_BACKENDS_HASHMAP_TTL_WALK_H_

#include <memory>

#include "backends/common/ttl_walk.h"
#include "backends/hashmap/state_core.h"

namespace kvstate::backends::hashmap {

/// `state` is of a TtlStoredDescriptor.
std::unique_ptr<TtlWalk> MakeTtlWalk(const StateCore& state);

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_TTL_WALK_H_

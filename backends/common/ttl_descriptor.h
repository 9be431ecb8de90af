#ifndef KVSTATE_BACKENDS_COMMON_TTL_DESCRIPTOR_H_
#define KVSTATE_BACKENDS_COMMON_TTL_DESCRIPTOR_H_

#include <memory>

#include "backends/common/ttl_filter.h"
#include "kvstate/clock.h"
#include "kvstate/state_descriptor.h"

namespace kvstate::backends {

/// Whether values expire: ttl is set, and not disabled.
inline bool HasTtl(const StateDescriptor& descriptor) {
  return descriptor.ttl.has_value() && descriptor.ttl->update != TtlConfig::Update::kDisabled;
}

/// What is stored of a state with a time to live: a state of the same kind whose values (elements, entries,
/// accumulators) have their time beside them (ttl_serializer.h), and whose functions know how to combine such.
/// Everything else, ttl included, stays. `clock` outlives the states. REQUIRES: HasTtl.
StateDescriptor TtlStoredDescriptor(const StateDescriptor& descriptor, std::shared_ptr<const Clock> clock);

/// REQUIRES: `stored` is a TtlStoredDescriptor.
TtlFilter TtlFilterOf(const StateDescriptor& stored);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_DESCRIPTOR_H_

#ifndef KVSTATE_BACKENDS_COMMON_TTL_INSPECTION_H_
#define KVSTATE_BACKENDS_COMMON_TTL_INSPECTION_H_

#include <functional>

#include "kvstate/internal_kv_state.h"
#include "kvstate/status.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::backends {

/// TtlSweep::VisitStored of a state. REQUIRES: `stored` is of a TtlStoredDescriptor.
Status VisitStoredValues(InternalKVState& stored, const std::function<Status(const TimedValue& value)>& visit);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_INSPECTION_H_

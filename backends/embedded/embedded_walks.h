#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_WALKS_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_WALKS_H_

#include <memory>

#include "backends/common/ttl_walk.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"

namespace kvstate::backends {

class EmbeddedState;

/// All read ahead a batch at a time and keep no engine's iterator between batches, so that the state may change; each
/// batch starts behind the last entry of the one before, so that no removed entry is passed twice.
///
/// The state outlives what is made.
std::unique_ptr<StateVisitor> MakeStateVisitor(EmbeddedState& state);
/// Keys under `*state_namespace`, or all pairs when it is null.
std::unique_ptr<KeyIterator> MakeKeyIterator(EmbeddedState& state, const ByteView* state_namespace);
/// REQUIRES: HasTtl of its descriptor.
std::unique_ptr<TtlWalk> MakeTtlWalk(EmbeddedState& state);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_WALKS_H_

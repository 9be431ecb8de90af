#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_STATES_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_STATES_H_

#include <memory>

#include "backends/common/ttl_state.h"
#include "backends/embedded/embedded_state.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/internal_kv_state.h"

namespace kvstate::backends {

/// The states over an ordered store, one maker a kind; each most derived type implements the interface of its kind and
/// EmbeddedState.
std::unique_ptr<InternalKVState> MakeEmbeddedValueState(StateParts parts);
/// Over a state that MakeEmbeddedValueState made.
std::unique_ptr<InternalKVState> MakeEmbeddedTtlValueState(TtlStateParts parts);
std::unique_ptr<InternalKVState> MakeEmbeddedListState(StateParts parts);
std::unique_ptr<InternalKVState> MakeEmbeddedMapState(StateParts parts);
std::unique_ptr<InternalKVState> MakeEmbeddedReducingState(StateParts parts);
std::unique_ptr<InternalKVState> MakeEmbeddedAggregatingState(StateParts parts);
std::unique_ptr<InternalKVState> MakeEmbeddedFoldingState(StateParts parts);

/// Sets how the table of such a state combines appended operands.
void SetAppendOptions(const StateDescriptor& descriptor, TableOptions* options);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_STATES_H_

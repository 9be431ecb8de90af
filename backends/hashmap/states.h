#ifndef KVSTATE_BACKENDS_HASHMAP_STATES_H_
#define KVSTATE_BACKENDS_HASHMAP_STATES_H_

#include <memory>

#include "backends/common/ttl_state.h"
#include "backends/hashmap/current_key.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends::hashmap {

/// Each makes a state of its kind of a validated descriptor. `key` must outlive it. The pointer's most derived type is
/// a StateCore too.
std::unique_ptr<InternalKVState> MakeValueState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                const StateDescriptor& descriptor);
/// Over a state that MakeValueState made.
std::unique_ptr<InternalKVState> MakeTtlValueState(TtlStateParts parts);
std::unique_ptr<InternalKVState> MakeListState(CurrentKey& key, SerializerPtr namespace_serializer,
                                               const StateDescriptor& descriptor);
std::unique_ptr<InternalKVState> MakeReducingState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                   const StateDescriptor& descriptor);
std::unique_ptr<InternalKVState> MakeAggregatingState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                      const StateDescriptor& descriptor);
std::unique_ptr<InternalKVState> MakeFoldingState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                  const StateDescriptor& descriptor);
std::unique_ptr<InternalKVState> MakeMapState(CurrentKey& key, SerializerPtr namespace_serializer,
                                              const StateDescriptor& descriptor);

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATES_H_

#ifndef KVSTATE_BACKENDS_COMMON_SAVED_STATE_H_
#define KVSTATE_BACKENDS_COMMON_SAVED_STATE_H_

#include "kvstate/checkpoint.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends {

/// What stands in a snapshot of a state, without engine_data.
SavedState SavedStateOf(const StateDescriptor& descriptor, const TypeSerializer& namespace_serializer);

/// INVALID_ARGUMENT, naming the state and what differs, unless kind, namespaces and user keys of `descriptor` are those
/// of `saved`. Of values see PlanTakeOver.
Status CheckTakesOver(const SavedState& saved, const TypeSerializer& namespace_serializer,
                      const StateDescriptor& descriptor);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_SAVED_STATE_H_

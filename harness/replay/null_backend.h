#ifndef KVSTATE_HARNESS_REPLAY_NULL_BACKEND_H_
#define KVSTATE_HARNESS_REPLAY_NULL_BACKEND_H_

#include <memory>

#include "kvstate/keyed_state_backend.h"

namespace kvstate::harness {

/// A backend that takes every call and keeps nothing: what a replay over it costs is the harness's own cost.
std::unique_ptr<KeyedStateBackend> MakeNullBackend(SerializerPtr key_serializer, uint32_t max_parallelism);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_NULL_BACKEND_H_

#ifndef KVSTATE_BACKENDS_H_
#define KVSTATE_BACKENDS_H_

#include "kvstate/backend_registry.h"
#include "kvstate/export.h"

namespace kvstate {
inline namespace v1 {

/// Adds every backend that the library was built with.
KVSTATE_EXPORT Status RegisterBuiltinBackends(BackendRegistry& registry);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_BACKENDS_H_

#ifndef KVSTATE_KVSTATE_H_
#define KVSTATE_KVSTATE_H_

/// Everything a stream job needs: typed backends and states, descriptors, serializers and the registry.
#include "kvstate/backend_registry.h"
#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"
#include "kvstate/status.h"
#include "kvstate/version.h"

#endif  // KVSTATE_KVSTATE_H_

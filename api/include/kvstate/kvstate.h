#ifndef KVSTATE_KVSTATE_H_
#define KVSTATE_KVSTATE_H_

/// Everything a stream job needs: typed backends and states, descriptors, serializers, the registry, checkpoints,
/// timers and operator state.
#include "kvstate/backend_registry.h"
#include "kvstate/backends.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/descriptors.h"
#include "kvstate/extension.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/namespaces.h"
#include "kvstate/operator_state_files.h"
#include "kvstate/operator_state_views.h"
#include "kvstate/raw_state_streams.h"
#include "kvstate/serializers.h"
#include "kvstate/snapshots.h"
#include "kvstate/state.h"
#include "kvstate/status.h"
#include "kvstate/timer_service.h"
#include "kvstate/timers.h"
#include "kvstate/ttl_sweep.h"
#include "kvstate/version.h"

#endif  // KVSTATE_KVSTATE_H_

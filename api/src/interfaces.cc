#include "kvstate/backend_registry.h"
#include "kvstate/clock.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/functions.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/serialized_access.h"

namespace kvstate {
inline namespace v1 {

// The key functions of the interfaces: defined here, so that vtables and type information are emitted once.
BackendFactory::~BackendFactory() = default;
Clock::~Clock() = default;
EngineStatistics::~EngineStatistics() = default;
ReduceFunction::~ReduceFunction() = default;
AggregateFunction::~AggregateFunction() = default;
FoldFunction::~FoldFunction() = default;
StateVisitor::~StateVisitor() = default;
InternalKVState::~InternalKVState() = default;
MapIterator::~MapIterator() = default;
SerializedAccess::~SerializedAccess() = default;
KeyIterator::~KeyIterator() = default;
KeyedStateBackend::~KeyedStateBackend() = default;

bool ReduceFunction::ThreadSafe() const { return false; }

}  // namespace v1
}  // namespace kvstate

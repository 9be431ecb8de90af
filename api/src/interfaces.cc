#include "kvstate/backend_registry.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/clock.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/functions.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/operator_state.h"
#include "kvstate/raw_state_streams.h"
#include "kvstate/savepoint_reader.h"
#include "kvstate/serialized_access.h"
#include "kvstate/serializer_evolution.h"
#include "kvstate/snapshots.h"
#include "kvstate/timers.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate {
inline namespace v1 {

// The key functions of the interfaces: defined here, so that vtables and type information are emitted once.
BackendFactory::~BackendFactory() = default;
CheckpointStorage::~CheckpointStorage() = default;
Clock::~Clock() = default;
EngineStatistics::~EngineStatistics() = default;
ExclusiveStorage::~ExclusiveStorage() = default;
ReduceFunction::~ReduceFunction() = default;
AggregateFunction::~AggregateFunction() = default;
FoldFunction::~FoldFunction() = default;
StateVisitor::~StateVisitor() = default;
InternalBroadcastState::~InternalBroadcastState() = default;
InternalKVState::~InternalKVState() = default;
InternalOperatorListState::~InternalOperatorListState() = default;
MapIterator::~MapIterator() = default;
SerializedAccess::~SerializedAccess() = default;
KeyIterator::~KeyIterator() = default;
LocalFiles::~LocalFiles() = default;
NearCopies::~NearCopies() = default;
OperatorSnapshotTask::~OperatorSnapshotTask() = default;
OperatorStateBackend::~OperatorStateBackend() = default;
RawStreamReader::~RawStreamReader() = default;
SavepointReader::~SavepointReader() = default;
SerializerEvolution::~SerializerEvolution() = default;
SnapshotTask::~SnapshotTask() = default;
Snapshots::~Snapshots() = default;
StorageReader::~StorageReader() = default;
StorageWriter::~StorageWriter() = default;
TimerQueue::~TimerQueue() = default;
Timers::~Timers() = default;
TtlSweep::~TtlSweep() = default;
KeyedStateBackend::~KeyedStateBackend() = default;

bool ReduceFunction::ThreadSafe() const { return false; }

std::string SerializerEvolution::WhyIncompatible(const SerializerSnapshot&) const { return {}; }

void* CheckpointStorage::GetExtension(std::string_view) { return nullptr; }

}  // namespace v1
}  // namespace kvstate

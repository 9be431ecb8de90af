#include "harness/run/restore_measurement.h"

#include <span>

#include "harness/probes/tick_clock.h"
#include "kvstate/extension.h"
#include "kvstate/snapshots.h"

namespace kvstate::harness {

namespace {

/// Reads what the state has under the key and namespace that are current; false when it has nothing.
Result<bool> ReadOnce(InternalKVState& state) {
  switch (state.descriptor().kind) {
    case StateKind::kValue: {
      KVSTATE_ASSIGN_OR_RETURN(const void* value, static_cast<InternalValueState&>(state).Get());
      return value != nullptr;
    }
    case StateKind::kMap: {
      KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<MapIterator> entries,
                               static_cast<InternalMapState&>(state).Iterate());
      return entries->Next();
    }
    default: {
      KVSTATE_ASSIGN_OR_RETURN(const void* value, static_cast<InternalAppendingState&>(state).Get());
      return value != nullptr;
    }
  }
}

Status ReadFirst(KeyedStateBackend& backend, const ReadTarget& target) {
  KVSTATE_ASSIGN_OR_RETURN(InternalKVState * state,
                           backend.GetOrCreateState(target.state.namespace_serializer, target.state.descriptor));
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(EncodeKey(backend, target.key)));
  KVSTATE_RETURN_IF_ERROR(state->SetCurrentNamespace(target.state_namespace));
  KVSTATE_ASSIGN_OR_RETURN(const bool found, ReadOnce(*state));
  if (found) return Status();
  return Status(StatusCode::kAborted, "verification failed: state '" + target.state.descriptor.name +
                                          "' lacks a key after it was restored that it had before");
}

}  // namespace

Result<std::optional<ReadTarget>> FindReadTarget(KeyedStateBackend& backend, const std::vector<TraceState>& states) {
  std::optional<ReadTarget> target;
  for (const TraceState& traced : states) {
    if (traced.timers.has_value()) continue;
    KVSTATE_ASSIGN_OR_RETURN(InternalKVState * state,
                             backend.GetOrCreateState(traced.namespace_serializer, traced.descriptor));
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, state->Visit());
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> entries, visitor->NextBatch(1));
    if (entries.empty()) continue;
    const StateEntry& entry = entries.front();
    target = {traced, std::string(entry.key), std::string(entry.state_namespace)};
    break;
  }
  return target;
}

Result<MeasuredRestore> MeasureRestore(const CheckpointMetadata& checkpoint,
                                       const std::shared_ptr<CheckpointStorage>& storage,
                                       const std::function<Result<std::unique_ptr<KeyedStateBackend>>()>& make,
                                       const std::optional<ReadTarget>& first_read,
                                       const std::vector<TraceState>& states, const std::function<bool()>& stopped) {
  MeasuredRestore measured;
  for (const KeyedStateHandle& handle : checkpoint.handles) {
    for (const SnapshotFile& file : handle.files) measured.bytes += file.file.bytes;
  }
  const uint64_t start = SteadyNanoseconds();
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> backend, make());
  auto* snapshots = GetExtension<Snapshots>(*backend);
  if (snapshots == nullptr) return InternalError("a backend that took a snapshot cannot restore it");
  const uint64_t restoring = SteadyNanoseconds();
  KVSTATE_RETURN_IF_ERROR(snapshots->Restore(checkpoint.handles, storage, {}));
  measured.time_ns = SteadyNanoseconds() - restoring;
  if (first_read.has_value()) {
    KVSTATE_RETURN_IF_ERROR(ReadFirst(*backend, *first_read));
    measured.first_read_time_ns = SteadyNanoseconds() - start;
  }
  KVSTATE_ASSIGN_OR_RETURN(measured.state, DigestOfState(*backend, states, stopped));
  KVSTATE_RETURN_IF_ERROR(backend->Dispose());
  return measured;
}

}  // namespace kvstate::harness

#include "harness/savepoint/snapshot_converter.h"

#include <algorithm>
#include <span>
#include <utility>

#include "harness/replay/snapshot_serializers.h"
#include "harness/run/suite.h"
#include "harness/savepoint/watched_storage.h"
#include "kvstate/extension.h"
#include "kvstate/operator_state_files.h"
#include "workloads/workload.h"

namespace kvstate::harness {

namespace {

bool Overlap(KeyGroupRange a, KeyGroupRange b) { return a.first <= b.last && b.first <= a.last; }

std::string ToString(KeyGroupRange range) {
  return "key groups " + std::to_string(range.first) + ".." + std::to_string(range.last);
}

const SavedState* FindState(const CheckpointMetadata& metadata, const std::string& name) {
  for (const KeyedStateHandle& handle : metadata.handles) {
    for (const SavedState& state : handle.states) {
      if (state.name == name) return &state;
    }
  }
  return nullptr;
}

/// Says what to do about a reducing state that cannot be read.
Status WithHint(const Status& status) {
  if (status.code() != StatusCode::kFailedPrecondition) return status;
  return Status(status.code(), std::string(status.message()) +
                                   "; where it is one of sum_int64 and max_int64, say so: --reduce=<state>=<function>");
}

}  // namespace

Result<ReduceFunctions> ParseReduceFunctions(std::string_view text) {
  ReduceFunctions functions;
  for (const std::string& item : SplitList(text)) {
    const size_t equals = item.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidArgumentError("--reduce: '" + item + "' is not <state>=<function>");
    }
    const std::string function = item.substr(equals + 1);
    if (workloads::NamedReduceFunction(function) == nullptr) {
      return InvalidArgumentError("--reduce: no function is named '" + function + "'; there are sum_int64, max_int64");
    }
    functions[item.substr(0, equals)] = function;
  }
  return functions;
}

SnapshotConverter::SnapshotConverter(const Environment& environment, std::shared_ptr<CheckpointStorage> storage,
                                     const CheckpointMetadata& metadata)
    : environment_(environment), storage_(Watch(std::move(storage))), metadata_(metadata) {}

Result<std::unique_ptr<SnapshotConverter>> SnapshotConverter::Create(const Environment& environment,
                                                                     std::shared_ptr<CheckpointStorage> storage,
                                                                     const CheckpointMetadata& metadata,
                                                                     const ReduceFunctions& functions) {
  std::unique_ptr<SnapshotConverter> converter(new SnapshotConverter(environment, std::move(storage), metadata));
  for (const auto& [name, function] : functions) {
    const SavedState* state = FindState(metadata, name);
    if (state == nullptr || state->kind != StateKind::kReducing || state->value_serializer.type_id != "int64") {
      return InvalidArgumentError("--reduce: there is no reducing state '" + name + "' over int64");
    }
    StateDescriptor descriptor;
    descriptor.name = name;
    descriptor.kind = StateKind::kReducing;
    descriptor.reduce = workloads::NamedReduceFunction(function);
    KVSTATE_ASSIGN_OR_RETURN(descriptor.value_serializer, SerializerFromSnapshot(state->value_serializer));
    KVSTATE_ASSIGN_OR_RETURN(SerializerPtr of_namespace, SerializerFromSnapshot(state->namespace_serializer));
    converter->reducing_.push_back(std::move(descriptor));
    converter->reducing_namespaces_.push_back(std::move(of_namespace));
  }
  return converter;
}

std::shared_ptr<CheckpointStorage> SnapshotConverter::Watch(std::shared_ptr<CheckpointStorage> storage) {
  return WatchStorage(std::move(storage), {.stopped = environment_.stopped, .transferred = [this](uint64_t bytes) {
                                             const std::lock_guard lock(mutex_);
                                             done_ += bytes;
                                             environment_.progress.Update(std::min(done_, expected_), expected_);
                                           }});
}

Result<std::string> SnapshotConverter::ReaderOf(KeyGroupRange range, std::string_view wanted) const {
  const KeyedStateHandle* any = nullptr;
  for (const KeyedStateHandle& handle : metadata_.handles) {
    if (!Overlap(handle.key_groups, range)) continue;
    any = &handle;
    if (handle.format != kStateStreamFormat) return handle.backend;
  }
  if (any == nullptr) return InvalidArgumentError("the snapshot has nothing of " + ToString(range));
  if (!wanted.empty()) return std::string(wanted);
  if (environment_.registry.Find(any->backend).ok()) return any->backend;
  return environment_.registry.Names().front();
}

Result<std::unique_ptr<KeyedStateBackend>> SnapshotConverter::Restore(
    const std::string& backend, KeyGroupRange range, std::span<const KeyedStateHandle> handles,
    const std::shared_ptr<CheckpointStorage>& storage) {
  KVSTATE_ASSIGN_OR_RETURN(const BackendFactory* factory, environment_.registry.Find(backend));
  BackendOptions options;
  const KeyedStateHandle& first = handles.front();
  auto key_serializer = SerializerFromSnapshot(first.key_serializer);
  if (!key_serializer.ok()) return key_serializer.status().WithContext("keys");
  options.key_serializer = std::move(key_serializer).value();
  options.max_parallelism = first.max_parallelism;
  options.key_groups = range;
  if (factory->needs_directory()) options.directory = environment_.directory.NewPath(backend);
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyedStateBackend> made, factory->Create(options));
  auto* const snapshots = GetExtension<Snapshots>(*made);
  if (snapshots == nullptr) return UnimplementedError("backend '" + backend + "' has no snapshots");
  {
    const std::lock_guard lock(mutex_);
    environment_.progress.BeginStep("restoring " + ToString(range) + " in " + backend);
    done_ = 0;
    expected_ = 0;
    for (const KeyedStateHandle& handle : handles) {
      if (!Overlap(handle.key_groups, range)) continue;
      // Streams are read twice: once to be verified.
      const uint64_t reads = handle.format == kStateStreamFormat ? 2 : 1;
      for (const SnapshotFile& file : handle.files) expected_ += reads * file.file.bytes;
    }
  }
  KVSTATE_RETURN_IF_ERROR(snapshots->Restore(handles, storage, {}));
  KVSTATE_RETURN_IF_ERROR(ClaimReducing(*made));
  return made;
}

Status SnapshotConverter::ClaimReducing(KeyedStateBackend& backend) {
  const std::vector<SavedState> there = GetExtension<Snapshots>(backend)->UnclaimedStates();
  for (size_t i = 0; i < reducing_.size(); ++i) {
    const auto same = [&](const SavedState& state) { return state.name == reducing_[i].name; };
    if (std::none_of(there.begin(), there.end(), same)) continue;
    KVSTATE_RETURN_IF_ERROR(backend.GetOrCreateState(reducing_namespaces_[i], reducing_[i]).status());
  }
  return Status();
}

Result<KeyedStateHandle> SnapshotConverter::Take(std::unique_ptr<KeyedStateBackend> backend, uint64_t id,
                                                 const std::shared_ptr<CheckpointStorage>& storage,
                                                 const SnapshotOptions& options) {
  {
    const std::lock_guard lock(mutex_);
    environment_.progress.BeginStep("writing " + ToString(backend->key_group_range()) + ": " +
                                    std::string(SnapshotKindName(options.kind)) + " of " +
                                    std::string(backend->name()));
    done_ = 0;
    expected_ = 0;
  }
  auto task = GetExtension<Snapshots>(*backend)->Snapshot(id, storage, options);
  if (!task.ok()) return WithHint(task.status());
  auto result = (*task)->Run();
  if (!result.ok()) return WithHint(result.status());
  task->reset();
  KVSTATE_RETURN_IF_ERROR(backend->Dispose());
  return std::move(result->handle);
}

Result<KeyedStateHandle> SnapshotConverter::ToTemporarySavepoint(KeyGroupRange range,
                                                                 std::shared_ptr<CheckpointStorage>* storage) {
  KVSTATE_ASSIGN_OR_RETURN(const std::string reader, ReaderOf(range, ""));
  KVSTATE_ASSIGN_OR_RETURN(auto opened, OpenFileSystemStorage(environment_.directory.NewPath("savepoint")));
  *storage = Watch(std::move(opened));
  KVSTATE_ASSIGN_OR_RETURN(auto backend, Restore(reader, range, metadata_.handles, storage_));
  return Take(std::move(backend), metadata_.checkpoint_id + kIdsTaken, *storage, {.kind = SnapshotKind::kSavepoint});
}

Result<uint64_t> SnapshotConverter::StepsOf(KeyGroupRange range, std::string_view to) const {
  const bool to_savepoint = to == kToSavepoint;
  KVSTATE_ASSIGN_OR_RETURN(const std::string reader, ReaderOf(range, to_savepoint ? "" : to));
  return to_savepoint || reader == to ? 2 : 4;
}

Result<KeyedStateHandle> SnapshotConverter::Convert(KeyGroupRange range, std::string_view to, bool compress,
                                                    const std::shared_ptr<CheckpointStorage>& storage, uint64_t id) {
  const std::shared_ptr<CheckpointStorage> watched = Watch(storage);
  const bool to_savepoint = to == kToSavepoint;
  const SnapshotOptions options{.kind = to_savepoint ? SnapshotKind::kSavepoint : SnapshotKind::kFullCheckpoint,
                                .compress = compress};
  KVSTATE_ASSIGN_OR_RETURN(const std::string reader, ReaderOf(range, to_savepoint ? "" : to));
  if (to_savepoint || reader == to) {
    KVSTATE_ASSIGN_OR_RETURN(auto backend, Restore(reader, range, metadata_.handles, storage_));
    return Take(std::move(backend), id, watched, options);
  }
  std::shared_ptr<CheckpointStorage> between;
  KVSTATE_ASSIGN_OR_RETURN(const KeyedStateHandle savepoint, ToTemporarySavepoint(range, &between));
  KVSTATE_ASSIGN_OR_RETURN(auto backend, Restore(std::string(to), range, {&savepoint, 1}, between));
  for (const SnapshotFile& file : savepoint.files) KVSTATE_RETURN_IF_ERROR(between->Remove(file.file.path));
  return Take(std::move(backend), id, watched, options);
}

Status SnapshotConverter::CopyOperators(const std::shared_ptr<CheckpointStorage>& storage, CheckpointMetadata* to) {
  return CopyOperatorState(*storage_, metadata_, Watch(storage), to);
}

}  // namespace kvstate::harness

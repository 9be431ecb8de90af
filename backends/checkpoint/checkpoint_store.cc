#include "kvstate/checkpoint_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "backends/checkpoint/checkpoint_handles.h"
#include "backends/checkpoint/checkpoint_layout.h"
#include "backends/checkpoint/shared_state_registry.h"
#include "kvstate/extension.h"

namespace kvstate {
inline namespace v1 {

namespace {

using backends::CheckHandles;
using backends::CheckpointPath;
using backends::MetadataPath;
using backends::ParseCheckpointPath;
using backends::SharedStateRegistry;

/// All files of a storage whose paths start with `prefix`, those that only its near copies have included.
Result<std::vector<std::string>> ListPaths(CheckpointStorage& storage, std::string_view prefix) {
  KVSTATE_ASSIGN_OR_RETURN(std::vector<StorageEntry> entries, storage.List(prefix));
  std::set<std::string> paths;
  if (auto* const copies = GetExtension<NearCopies>(storage); copies != nullptr) {
    // Near copies may be out of reach at any time: then they are no matter.
    if (auto near = copies->near().List(prefix); near.ok()) {
      for (StorageEntry& entry : *near) paths.insert(std::move(entry.path));
    }
  }
  for (StorageEntry& entry : entries) paths.insert(std::move(entry.path));
  return std::vector<std::string>(paths.begin(), paths.end());
}

}  // namespace

struct CheckpointStore::Impl {
  std::shared_ptr<CheckpointStorage> storage;
  CheckpointStoreOptions options;
  std::shared_ptr<void> lock;  ///< Destroyed before `storage`.

  std::mutex operation;  ///< Held by what changes the storage, so that one sees what the other left.
  mutable std::mutex mutex;
  uint64_t next_id = 1;                              ///< Guarded by `mutex`, as all that follows.
  std::map<uint64_t, CheckpointMetadata> completed;  ///< By id.
  std::map<uint64_t, std::string> half_removed;      ///< No more complete, but their `_metadata`, here, stay on.
  SharedStateRegistry registry;

  Status Load(const std::vector<std::string>& paths);
  Status CheckFilesExist(const CheckpointMetadata& checkpoint) const;
  std::vector<std::string> CompleteAndSubsume(CheckpointMetadata metadata);
  Status RemoveHalfRemoved(std::vector<std::string>* free);
  Status RemoveFiles(const std::vector<std::string>& paths) const;
  bool IsOrphan(const std::string& path) const;
  Result<std::vector<std::string>> RemoveOrphans();
  std::string Named(uint64_t checkpoint_id) const {
    return "checkpoint " + std::to_string(checkpoint_id) + " in " + std::string(storage->location());
  }
};

Status CheckpointStore::Impl::Load(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const std::optional<CheckpointPath> parsed = ParseCheckpointPath(path);
    if (!parsed.has_value()) continue;
    next_id = std::max(next_id, parsed->checkpoint_id + 1);
    if (!parsed->is_metadata) continue;
    auto metadata = ReadCheckpointMetadata(*storage, path.substr(0, path.rfind('/')));
    // Near copies have metadata too, which say nothing without the durable ones.
    if (metadata.status().code() == StatusCode::kNotFound) continue;
    if (!metadata.ok()) {
      return metadata.status().WithContext("cannot go on from what is there; move the folder away to do so without it");
    }
    const auto [at, is_new] = completed.try_emplace(parsed->checkpoint_id, std::move(metadata).value());
    if (!is_new) {
      return DataLossError(Named(at->first) + " is there both as checkpoint and as savepoint; move the folder away " +
                           "that is not of this job");
    }
    registry.Register(at->first, FilesOf(at->second));
  }
  return Status();
}

Status CheckpointStore::Impl::CheckFilesExist(const CheckpointMetadata& checkpoint) const {
  std::map<std::string, uint64_t> bytes;
  std::set<std::string> listed;
  for (const SnapshotFile& file : FilesOf(checkpoint)) {
    const std::string folder = file.file.path.substr(0, file.file.path.find('/') + 1);
    if (listed.insert(folder).second) {
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<StorageEntry> entries, storage->List(folder));
      for (const StorageEntry& entry : entries) bytes[entry.path] = entry.bytes;
    }
    const auto found = bytes.find(file.file.path);
    if (found == bytes.end()) return DataLossError("its file '" + file.file.path + "' is missing");
    if (found->second == file.file.bytes) continue;
    return DataLossError("its file '" + file.file.path + "' has " + std::to_string(found->second) + " bytes, not the " +
                         std::to_string(file.file.bytes) + " that were written");
  }
  return Status();
}

/// Gives the files that can go.
std::vector<std::string> CheckpointStore::Impl::CompleteAndSubsume(CheckpointMetadata metadata) {
  const std::lock_guard guard(mutex);
  const uint64_t id = metadata.checkpoint_id;
  registry.Register(id, FilesOf(metadata));
  completed.emplace(id, std::move(metadata));
  uint32_t newer = 0;
  for (auto at = completed.end(); at != completed.begin();) {
    --at;
    if (at->second.kind == SnapshotKind::kSavepoint || ++newer <= options.retained) continue;
    half_removed.emplace(at->first, MetadataPath(at->second.kind, at->first));
    at = completed.erase(at);
  }
  return registry.End(id);
}

/// First the `_metadata`, and only when they are gone the files that they refer to: what can be seen is always whole.
/// Adds these files to `free`. Tries all, gives the first failure.
Status CheckpointStore::Impl::RemoveHalfRemoved(std::vector<std::string>* free) {
  std::map<uint64_t, std::string> metadata;
  {
    const std::lock_guard guard(mutex);
    metadata = half_removed;
  }
  Status status;
  for (const auto& [id, path] : metadata) {
    Status removed = storage->Remove(path);
    if (!removed.ok()) {
      if (status.ok()) status = std::move(removed);
      continue;
    }
    const std::lock_guard guard(mutex);
    half_removed.erase(id);
    const std::vector<std::string> files = registry.Unregister(id);
    free->insert(free->end(), files.begin(), files.end());
  }
  return status;
}

/// Tries all, gives the first failure.
Status CheckpointStore::Impl::RemoveFiles(const std::vector<std::string>& paths) const {
  Status status;
  for (const std::string& path : paths) {
    Status removed = storage->Remove(path);
    if (status.ok()) status = std::move(removed);
  }
  return status;
}

bool CheckpointStore::Impl::IsOrphan(const std::string& path) const {
  const std::optional<CheckpointPath> parsed = ParseCheckpointPath(path);
  if (!parsed.has_value() || registry.Keeps(path) || registry.IsRunning(parsed->checkpoint_id)) return false;
  if (!parsed->is_metadata) return true;
  const auto complete = completed.find(parsed->checkpoint_id);
  return complete == completed.end() || MetadataPath(complete->second.kind, complete->first) != path;
}

Result<std::vector<std::string>> CheckpointStore::Impl::RemoveOrphans() {
  std::vector<std::string> free;  // Orphans now, as others are.
  KVSTATE_RETURN_IF_ERROR(RemoveHalfRemoved(&free));
  KVSTATE_ASSIGN_OR_RETURN(std::vector<std::string> paths, ListPaths(*storage, ""));
  {
    // After the listing: what began since has no file in it, and what began before is known to run.
    const std::lock_guard guard(mutex);
    std::erase_if(paths, [this](const std::string& path) { return !IsOrphan(path); });
  }
  // Of a checkpoint that was aborted when its `_metadata` could not be removed.
  for (const std::string& path : paths) {
    if (ParseCheckpointPath(path)->is_metadata) KVSTATE_RETURN_IF_ERROR(storage->Remove(path));
  }
  KVSTATE_RETURN_IF_ERROR(RemoveFiles(paths));
  return paths;
}

CheckpointStore::CheckpointStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CheckpointStore::~CheckpointStore() = default;

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(std::shared_ptr<CheckpointStorage> storage,
                                                               const CheckpointStoreOptions& options) {
  if (storage == nullptr) return InvalidArgumentError("a checkpoint store needs a storage; it is null");
  if (options.retained == 0) return InvalidArgumentError("checkpoint store options: retained is 0; at least 1");
  if (options.first_id == 0) return InvalidArgumentError("checkpoint store options: first_id is 0; at least 1");
  auto impl = std::make_unique<Impl>();
  impl->storage = std::move(storage);
  impl->options = options;
  if (impl->options.clock == nullptr) impl->options.clock = std::make_shared<SystemClock>();
  impl->next_id = options.first_id;
  if (auto* const exclusive = GetExtension<ExclusiveStorage>(*impl->storage); exclusive != nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(impl->lock, exclusive->Lock());
  }
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListPaths(*impl->storage, ""));
  KVSTATE_RETURN_IF_ERROR(impl->Load(paths));
  KVSTATE_RETURN_IF_ERROR(impl->RemoveOrphans().status());
  return std::unique_ptr<CheckpointStore>(new CheckpointStore(std::move(impl)));
}

const std::shared_ptr<CheckpointStorage>& CheckpointStore::storage() const { return impl_->storage; }

uint64_t CheckpointStore::Begin() {
  const std::lock_guard guard(impl_->mutex);
  impl_->registry.Begin(impl_->next_id);
  return impl_->next_id++;
}

Status CheckpointStore::Complete(uint64_t checkpoint_id, SnapshotKind kind, std::vector<KeyedStateHandle> handles) {
  return Complete(CheckpointMetadata{checkpoint_id, kind, 0, std::move(handles)});
}

Status CheckpointStore::Complete(CheckpointMetadata metadata) {
  const uint64_t checkpoint_id = metadata.checkpoint_id;
  const std::lock_guard one_at_a_time(impl_->operation);
  const std::string named = impl_->Named(checkpoint_id);
  {
    const std::lock_guard guard(impl_->mutex);
    if (!impl_->registry.IsRunning(checkpoint_id)) {
      return FailedPreconditionError(named + " does not run: it was not begun here, or was completed or aborted");
    }
  }
  const Status checked = CheckHandles(metadata);
  if (!checked.ok()) return checked.WithContext(named + " cannot be completed");
  const Status exist = impl_->CheckFilesExist(metadata);
  if (!exist.ok()) return exist.WithContext(named + " cannot be completed");

  metadata.timestamp_millis = impl_->options.clock->NowMillis();
  const std::string path = MetadataPath(metadata.kind, checkpoint_id);
  const Status published = impl_->storage->Publish(path, EncodeCheckpointMetadata(metadata));
  if (!published.ok()) {
    // It may be there nevertheless, when only the last step failed. Abort removes it too.
    impl_->storage->Remove(path).IgnoreError();
    return published.WithContext(named + " cannot be completed");
  }
  // From here on it is complete, whatever cannot be removed.
  std::vector<std::string> free = impl_->CompleteAndSubsume(std::move(metadata));
  impl_->RemoveHalfRemoved(&free).IgnoreError();
  impl_->RemoveFiles(free).IgnoreError();
  return Status();
}

Status CheckpointStore::Abort(uint64_t checkpoint_id) {
  const std::lock_guard one_at_a_time(impl_->operation);
  std::vector<std::string> free;
  {
    const std::lock_guard guard(impl_->mutex);
    if (!impl_->registry.IsRunning(checkpoint_id)) {
      return FailedPreconditionError(impl_->Named(checkpoint_id) +
                                     " does not run: it was not begun here, or was completed or aborted");
    }
    free = impl_->registry.End(checkpoint_id);
  }
  Status status;
  const auto keep = [&status](const Status& next) {
    if (status.ok()) status = next;
  };
  const std::string id = std::to_string(checkpoint_id);
  for (const SnapshotKind kind : {SnapshotKind::kFullCheckpoint, SnapshotKind::kSavepoint}) {
    keep(impl_->storage->Remove(MetadataPath(kind, checkpoint_id)));
  }
  // What `_metadata` refer to stays as long as they do.
  if (status.ok()) {
    for (const std::string& prefix : {"chk-" + id + "/", "savepoint-" + id + "/", "shared/" + id + "-"}) {
      auto paths = ListPaths(*impl_->storage, prefix);
      keep(paths.status());
      if (paths.ok()) free.insert(free.end(), paths->begin(), paths->end());
    }
    {
      const std::lock_guard guard(impl_->mutex);
      std::erase_if(free, [this](const std::string& path) { return impl_->registry.Keeps(path); });
    }
    keep(impl_->RemoveFiles(free));
  }
  return status.ok() ? status : status.WithContext("abort of " + impl_->Named(checkpoint_id));
}

std::vector<CheckpointMetadata> CheckpointStore::Completed() const {
  const std::lock_guard guard(impl_->mutex);
  std::vector<CheckpointMetadata> completed;
  completed.reserve(impl_->completed.size());
  for (const auto& [id, metadata] : impl_->completed) completed.push_back(metadata);
  return completed;
}

Result<CheckpointMetadata> CheckpointStore::Latest() const {
  const std::lock_guard guard(impl_->mutex);
  if (!impl_->completed.empty()) return impl_->completed.rbegin()->second;
  return NotFoundError("there is no complete checkpoint in " + std::string(impl_->storage->location()));
}

Status CheckpointStore::Discard(uint64_t checkpoint_id) {
  const std::lock_guard one_at_a_time(impl_->operation);
  const std::string named = impl_->Named(checkpoint_id);
  std::string path;
  {
    const std::lock_guard guard(impl_->mutex);
    const auto found = impl_->completed.find(checkpoint_id);
    if (found == impl_->completed.end()) return NotFoundError("there is no complete " + named);
    path = MetadataPath(found->second.kind, checkpoint_id);
  }
  const Status removed = impl_->storage->Remove(path);
  if (!removed.ok()) return removed.WithContext(named + " cannot be discarded");
  std::vector<std::string> free;
  {
    const std::lock_guard guard(impl_->mutex);
    impl_->completed.erase(checkpoint_id);
    free = impl_->registry.Unregister(checkpoint_id);
  }
  const Status all = impl_->RemoveFiles(free);
  return all.ok() ? all : all.WithContext(named + " is discarded, but not all of its files");
}

Result<std::vector<std::string>> CheckpointStore::RemoveOrphans() {
  const std::lock_guard one_at_a_time(impl_->operation);
  return impl_->RemoveOrphans();
}

}  // namespace v1
}  // namespace kvstate

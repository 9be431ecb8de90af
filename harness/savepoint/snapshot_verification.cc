#include "harness/savepoint/snapshot_verification.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "harness/replay/snapshot_serializers.h"
#include "harness/savepoint/snapshot_listing.h"
#include "harness/savepoint/watched_storage.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/savepoint_reader.h"

namespace kvstate::harness {

namespace {

/// Entries of a sound stream that do not decode are damage, too: of what wrote it. Those of types that only their
/// program has are left alone.
Status ReadEntries(const std::shared_ptr<CheckpointStorage>& storage, const KeyedStateHandle& handle,
                   uint64_t* entries) {
  const auto reader = OpenSavepoint(storage, handle, handle.key_groups, SerializerFromSnapshot);
  if (reader.status().code() == StatusCode::kInvalidArgument) return Status();
  KVSTATE_RETURN_IF_ERROR(reader.status());
  SavedEntry entry;
  for (;;) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, (*reader)->Next(&entry));
    if (!more) return Status();
    ++*entries;
  }
}

}  // namespace

Result<SnapshotVerdict> VerifySnapshot(const SnapshotLocation& location, const CataloguedSnapshot& snapshot,
                                       const std::function<bool()>& stopped,
                                       const std::function<void(uint64_t done, uint64_t total)>& progress) {
  SnapshotVerdict verdict{.folder = snapshot.folder, .failures = {}};
  if (!snapshot.metadata.ok()) {
    verdict.failures.push_back(snapshot.metadata.status());
    return verdict;
  }
  const CheckpointMetadata& metadata = *snapshot.metadata;
  const uint64_t total = SizeOf(metadata).bytes;
  uint64_t done = 0;
  const auto storage = WatchStorage(location.storage, {.stopped = stopped, .transferred = [&](uint64_t bytes) {
                                                         done += bytes;
                                                         if (progress) progress(std::min(done, total), total);
                                                       }});
  std::set<std::string_view> seen;
  CheckpointMetadata alone;  // One file at a time, so that each bad one is named.
  alone.checkpoint_id = metadata.checkpoint_id;
  alone.kind = metadata.kind;
  alone.handles.resize(1);
  for (const KeyedStateHandle& handle : metadata.handles) {
    const size_t failures_before = verdict.failures.size();
    for (const SnapshotFile& file : handle.files) {
      if (!seen.insert(file.file.path).second) continue;
      ++verdict.files;
      verdict.bytes += file.file.bytes;
      alone.handles.front().files = {file};
      const Status status = VerifyCheckpoint(*storage, alone);
      if (status.code() == StatusCode::kCancelled) return status;
      if (!status.ok()) verdict.failures.push_back(status);
    }
    if (handle.format != kStateStreamFormat || verdict.failures.size() != failures_before) continue;
    const Status status = ReadEntries(storage, handle, &verdict.entries);
    if (status.code() == StatusCode::kCancelled) return status;
    if (!status.ok()) verdict.failures.push_back(status);
  }
  return verdict;
}

}  // namespace kvstate::harness

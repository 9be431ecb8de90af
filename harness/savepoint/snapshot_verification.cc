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
#include "kvstate/operator_state_files.h"
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

/// A failure goes into the verdict; being cancelled ends it all.
Status Keep(const Status& status, SnapshotVerdict* verdict) {
  if (status.code() == StatusCode::kCancelled) return status;
  if (!status.ok()) verdict->failures.push_back(status);
  return Status();
}

/// One file at a time, each once, so that each bad one is named.
class FileVerifier {
 public:
  FileVerifier(CheckpointStorage& storage, const CheckpointMetadata& metadata, SnapshotVerdict* verdict)
      : storage_(storage), verdict_(verdict) {
    alone_.checkpoint_id = metadata.checkpoint_id;
    alone_.kind = metadata.kind;
    alone_.handles.resize(1);
  }

  /// Whether all are sound, as far as they were not seen before.
  Result<bool> Verify(const std::vector<SnapshotFile>& files) {
    const size_t failures_before = verdict_->failures.size();
    for (const SnapshotFile& file : files) {
      if (!seen_.insert(file.file.path).second) continue;
      ++verdict_->files;
      verdict_->bytes += file.file.bytes;
      alone_.handles.front().files = {file};
      KVSTATE_RETURN_IF_ERROR(Keep(VerifyCheckpoint(storage_, alone_), verdict_));
    }
    return verdict_->failures.size() == failures_before;
  }

 private:
  CheckpointStorage& storage_;
  SnapshotVerdict* const verdict_;
  CheckpointMetadata alone_;
  std::set<std::string_view> seen_;
};

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
  FileVerifier files(*storage, metadata, &verdict);
  for (const KeyedStateHandle& handle : metadata.handles) {
    KVSTATE_ASSIGN_OR_RETURN(const bool sound, files.Verify(handle.files));
    if (handle.format != kStateStreamFormat || !sound) continue;
    KVSTATE_RETURN_IF_ERROR(Keep(ReadEntries(storage, handle, &verdict.entries), &verdict));
  }
  for (const OperatorStateHandle& handle : metadata.operator_handles) {
    KVSTATE_ASSIGN_OR_RETURN(const bool sound, files.Verify(handle.files));
    if (!sound) continue;
    KVSTATE_RETURN_IF_ERROR(Keep(ForEachOperatorEntry(*storage, handle,
                                                      [&verdict](const SavedOperatorEntry&) {
                                                        ++verdict.entries;
                                                        return Status();
                                                      }),
                                 &verdict));
  }
  for (const RawKeyedStateHandle& handle : metadata.raw_keyed_handles) {
    KVSTATE_RETURN_IF_ERROR(files.Verify(handle.files).status());
  }
  for (const RawOperatorStateHandle& handle : metadata.raw_operator_handles) {
    KVSTATE_RETURN_IF_ERROR(files.Verify(handle.files).status());
  }
  return verdict;
}

}  // namespace kvstate::harness

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/savepoint/snapshot_converter.h"
#include "kvstate/checkpoint_store.h"

namespace kvstate::harness {

namespace {

namespace fs = std::filesystem;

/// A directory that is made for a result, and emptied or removed again unless that is kept.
class OutputDirectory {
 public:
  static Result<std::unique_ptr<OutputDirectory>> Create(const std::string& path) {
    std::error_code error;
    fs::path directory = fs::path(path).lexically_normal();
    if (!directory.has_filename()) directory = directory.parent_path();
    const bool there = fs::exists(directory, error);
    if (there && !fs::is_directory(directory, error)) {
      return InvalidArgumentError("--out: '" + path + "' is there, and is no directory");
    }
    if (there && !fs::is_empty(directory, error)) {
      return InvalidArgumentError("--out: '" + path + "' is not empty; give a directory that is not there yet");
    }
    const fs::path parent = directory.has_parent_path() ? directory.parent_path() : fs::path(".");
    if (!there && !fs::is_directory(parent, error)) {
      return NotFoundError("--out: there is no directory '" + parent.string() + "' to make '" + path + "' in");
    }
    return std::unique_ptr<OutputDirectory>(new OutputDirectory(std::move(directory), there));
  }
  ~OutputDirectory() {
    if (kept_) return;
    // Nothing more can be done in a destructor about a file that does not go.
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    if (was_there_) fs::create_directory(path_, ignored);
  }
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  std::string path() const { return path_.string(); }
  void Keep() { kept_ = true; }

 private:
  OutputDirectory(fs::path path, bool was_there) : path_(std::move(path)), was_there_(was_there) {}

  const fs::path path_;
  const bool was_there_;
  bool kept_ = false;
};

std::vector<KeyGroupRange> RangesOf(const CheckpointMetadata& metadata, uint32_t parallelism) {
  std::vector<KeyGroupRange> ranges;
  if (parallelism == 0 || metadata.handles.empty()) {
    for (const KeyedStateHandle& handle : metadata.handles) ranges.push_back(handle.key_groups);
    return ranges;
  }
  for (uint32_t i = 0; i < parallelism; ++i) {
    ranges.push_back(KeyGroupRangeOf(metadata.handles.front().max_parallelism, parallelism, i));
  }
  return ranges;
}

}  // namespace

Result<CheckpointMetadata> ConvertSnapshot(SnapshotConverter& converter, const CheckpointMetadata& metadata,
                                           const ConvertOptions& options) {
  if (metadata.handles.empty() && FilesOf(metadata).empty()) {
    return InvalidArgumentError("the snapshot has no handles: there is nothing in it");
  }
  if (!metadata.handles.empty() && options.parallelism > metadata.handles.front().max_parallelism) {
    return InvalidArgumentError("--parallelism: " + std::to_string(options.parallelism) + " is more than the " +
                                std::to_string(metadata.handles.front().max_parallelism) +
                                " that the state was made for (its max parallelism)");
  }
  KVSTATE_ASSIGN_OR_RETURN(const auto directory, OutputDirectory::Create(options.out));
  KVSTATE_ASSIGN_OR_RETURN(const auto storage, OpenFileSystemStorage(directory->path()));
  CheckpointStoreOptions store_options;
  store_options.first_id = metadata.checkpoint_id + SnapshotConverter::kIdsTaken + 1;
  KVSTATE_ASSIGN_OR_RETURN(const auto store, CheckpointStore::Open(storage, store_options));
  const uint64_t id = store->Begin();
  const std::vector<KeyGroupRange> ranges = RangesOf(metadata, options.parallelism);
  uint64_t steps = 0;
  for (const KeyGroupRange range : ranges) {
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t of_range, converter.StepsOf(range, options.to));
    steps += of_range;
  }
  converter.progress().SetSteps(steps);
  const SnapshotKind kind = options.to == kToSavepoint ? SnapshotKind::kSavepoint : SnapshotKind::kFullCheckpoint;
  CheckpointMetadata converted{id, kind, 0, {}};
  for (const KeyGroupRange range : ranges) {
    KVSTATE_ASSIGN_OR_RETURN(KeyedStateHandle handle,
                             converter.Convert(range, options.to, options.compress, storage, id));
    converted.handles.push_back(std::move(handle));
  }
  KVSTATE_RETURN_IF_ERROR(converter.CopyOperators(storage, &converted));
  KVSTATE_RETURN_IF_ERROR(store->Complete(std::move(converted)));
  directory->Keep();
  return ReadCheckpointMetadata(*storage, CheckpointFolder(kind, id));
}

}  // namespace kvstate::harness

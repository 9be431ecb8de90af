#include "harness/savepoint/snapshot_catalog.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "kvstate/checkpoint_store.h"

namespace kvstate::harness {

namespace {

constexpr std::string_view kMetadata = "_metadata";
constexpr SnapshotKind kFolderKinds[] = {SnapshotKind::kFullCheckpoint, SnapshotKind::kSavepoint};

/// The id in "chk-7" or "savepoint-7".
std::optional<uint64_t> IdOf(std::string_view folder) {
  const size_t dash = folder.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  uint64_t id = 0;
  const char* end = folder.data() + folder.size();
  if (std::from_chars(folder.data() + dash + 1, end, id).ptr != end) return std::nullopt;
  for (const SnapshotKind kind : kFolderKinds) {
    if (folder == CheckpointFolder(kind, id)) return id;
  }
  return std::nullopt;
}

Status NothingThere(const std::string& directory) {
  return NotFoundError("there is no checkpoint or savepoint in '" + directory +
                       "': each would be a folder chk-<id> or savepoint-<id> with a _metadata in it");
}

}  // namespace

Result<SnapshotLocation> FindSnapshots(const std::string& path) {
  std::filesystem::path given = std::filesystem::path(path).lexically_normal();
  if (!given.has_filename() && given.has_parent_path()) given = given.parent_path();
  if (given.filename() == kMetadata) given = given.parent_path();
  std::error_code error;
  const auto type = std::filesystem::status(given, error).type();
  if (type == std::filesystem::file_type::not_found) return NotFoundError("there is no '" + path + "'");
  if (error) return UnavailableError("cannot look at '" + path + "': " + error.message());
  if (type != std::filesystem::file_type::directory) {
    return NotFoundError("'" + path + "' is no directory: give a storage directory, or a folder chk-<id> or " +
                         "savepoint-<id> in one");
  }
  SnapshotLocation location;
  if (IdOf(given.filename().string()).has_value()) {
    location.folder = given.filename().string();
    given = given.has_parent_path() ? given.parent_path() : std::filesystem::path(".");
  } else if (std::filesystem::exists(given / kMetadata, error)) {
    return NotFoundError("'" + path + "' has a _metadata, but is not named chk-<id> or savepoint-<id>: its files are " +
                         "found by that name; name it as it was");
  }
  location.directory = given.string();
  KVSTATE_ASSIGN_OR_RETURN(location.storage, OpenFileSystemStorageReadOnly(location.directory));
  return location;
}

Result<std::vector<CataloguedSnapshot>> ReadCatalog(const SnapshotLocation& location) {
  std::vector<std::pair<uint64_t, std::string>> folders;
  for (const SnapshotKind kind : kFolderKinds) {
    const std::string any = CheckpointFolder(kind, 0);
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<StorageEntry> entries,
                             location.storage->List(any.substr(0, any.size() - 1)));
    for (const StorageEntry& entry : entries) {
      const size_t slash = entry.path.find('/');
      if (slash == std::string::npos || entry.path.substr(slash + 1) != kMetadata) continue;
      std::string folder = entry.path.substr(0, slash);
      const std::optional<uint64_t> id = IdOf(folder);
      if (id.has_value()) folders.emplace_back(*id, std::move(folder));
    }
  }
  if (folders.empty()) return NothingThere(location.directory);
  std::sort(folders.begin(), folders.end());
  std::vector<CataloguedSnapshot> catalog;
  for (auto& [id, folder] : folders) {
    auto metadata = ReadCheckpointMetadata(*location.storage, folder);
    catalog.push_back({std::move(folder), std::move(metadata)});
  }
  return catalog;
}

Result<CheckpointMetadata> ReadSnapshot(const SnapshotLocation& location) {
  if (location.folder.has_value()) {
    auto metadata = ReadCheckpointMetadata(*location.storage, *location.folder);
    if (metadata.status().code() == StatusCode::kNotFound) {
      return NotFoundError("'" + location.directory + "/" + *location.folder +
                           "' has no _metadata: it was never completed, or is still being written");
    }
    return metadata;
  }
  KVSTATE_ASSIGN_OR_RETURN(std::vector<CataloguedSnapshot> catalog, ReadCatalog(location));
  if (catalog.size() == 1) return std::move(catalog.front().metadata);
  std::string names;
  for (const CataloguedSnapshot& snapshot : catalog) names += (names.empty() ? "" : ", ") + snapshot.folder;
  return InvalidArgumentError("'" + location.directory + "' has several: say which, as in " + location.directory + "/" +
                              catalog.back().folder + "; there are " + names);
}

}  // namespace kvstate::harness

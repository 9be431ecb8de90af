#ifndef KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_CATALOG_H_
#define KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_CATALOG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What a path on the command line names: a storage directory, or one checkpoint or savepoint in it.
struct SnapshotLocation {
  std::string directory;              ///< Of the storage, as it was given.
  std::optional<std::string> folder;  ///< Such as "chk-7"; none: all that are there.
  std::shared_ptr<CheckpointStorage> storage;
};

/// Opens the storage for reading alone. NOT_FOUND, saying what would be there, for a path that is no such thing.
Result<SnapshotLocation> FindSnapshots(const std::string& path);

/// A checkpoint or savepoint that is there, complete or damaged.
struct CataloguedSnapshot {
  std::string folder;
  Result<CheckpointMetadata> metadata;
};

/// Those with a `_metadata`, ascending by id. NOT_FOUND when there are none.
Result<std::vector<CataloguedSnapshot>> ReadCatalog(const SnapshotLocation& location);

/// The one that the location names, or the only one there is. INVALID_ARGUMENT, listing them, when there are several.
Result<CheckpointMetadata> ReadSnapshot(const SnapshotLocation& location);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_CATALOG_H_

#ifndef KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_LISTING_H_
#define KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_LISTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/report/table.h"
#include "harness/savepoint/snapshot_catalog.h"

namespace kvstate::harness {

/// Bytes and files of a snapshot, each file once, shared ones included.
struct SnapshotSize {
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t shared_bytes = 0;  ///< Of those under shared/.
};
SnapshotSize SizeOf(const CheckpointMetadata& metadata);

/// A row for each snapshot: id, kind, when, handles, states, files, bytes. Damaged ones are named in a line each below.
std::string CatalogText(const std::vector<CataloguedSnapshot>& catalog, const TableStyle& style);
/// The same as a JSON array.
std::string CatalogJson(const std::vector<CataloguedSnapshot>& catalog);

/// Everything that `_metadata` says of `metadata`, and which of its files others in `catalog` refer to.
std::string SnapshotText(const CheckpointMetadata& metadata, const std::vector<CataloguedSnapshot>& catalog);
/// The same as a JSON object.
std::string SnapshotJson(const CheckpointMetadata& metadata, const std::vector<CataloguedSnapshot>& catalog);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_LISTING_H_

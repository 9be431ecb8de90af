#ifndef KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_VERIFICATION_H_
#define KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_VERIFICATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/savepoint/snapshot_catalog.h"

namespace kvstate::harness {

struct SnapshotVerdict {
  std::string folder;
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t entries = 0;          ///< Read one by one; of streams alone.
  std::vector<Status> failures;  ///< One for each bad file; none: it is sound.
};

/// Reads every file of a snapshot to its end, and the entries of state streams one by one. `stopped` is asked now and
/// then; CANCELLED. `progress` gets bytes of files, done and in all; it may be empty.
Result<SnapshotVerdict> VerifySnapshot(const SnapshotLocation& location, const CataloguedSnapshot& snapshot,
                                       const std::function<bool()>& stopped,
                                       const std::function<void(uint64_t done, uint64_t total)>& progress);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_VERIFICATION_H_

#ifndef KVSTATE_HARNESS_SAVEPOINT_WATCHED_STORAGE_H_
#define KVSTATE_HARNESS_SAVEPOINT_WATCHED_STORAGE_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "kvstate/checkpoint_storage.h"

namespace kvstate::harness {

/// Another storage that tells how many bytes go through it, and lets none through once `stopped`: long reads and writes
/// of whole files can then be shown and interrupted. Both functions are called on any thread, for each transfer.
struct StorageWatch {
  std::function<bool()> stopped;                    ///< True: CANCELLED. May be empty.
  std::function<void(uint64_t bytes)> transferred;  ///< May be empty.
};

std::shared_ptr<CheckpointStorage> WatchStorage(std::shared_ptr<CheckpointStorage> storage, StorageWatch watch);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_WATCHED_STORAGE_H_

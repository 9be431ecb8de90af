#ifndef KVSTATE_HARNESS_RUN_RESTORE_MEASUREMENT_H_
#define KVSTATE_HARNESS_RUN_RESTORE_MEASUREMENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/replay/digest.h"
#include "harness/replay/trace.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Something that a backend holds, to be read first after a restore.
struct ReadTarget {
  TraceState state;
  std::string key;
  std::string state_namespace;
};

/// The first entry that the states have; none when they are empty.
Result<std::optional<ReadTarget>> FindReadTarget(KeyedStateBackend& backend, const std::vector<TraceState>& states);

struct MeasuredRestore {
  uint64_t bytes = 0;    ///< Of the files that the checkpoint consists of.
  uint64_t time_ns = 0;  ///< Of Snapshots::Restore.
  /// From before the backend was made until the first read was answered. Absent when there was nothing to read.
  std::optional<uint64_t> first_read_time_ns;
  StateDigest state;  ///< Of what was restored.
};

/// Restores the checkpoint into a new backend, which `make` gives and which has Snapshots.
Result<MeasuredRestore> MeasureRestore(const CheckpointMetadata& checkpoint,
                                       const std::shared_ptr<CheckpointStorage>& storage,
                                       const std::function<Result<std::unique_ptr<KeyedStateBackend>>()>& make,
                                       const std::optional<ReadTarget>& first_read,
                                       const std::vector<TraceState>& states, const std::function<bool()>& stopped);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_RESTORE_MEASUREMENT_H_

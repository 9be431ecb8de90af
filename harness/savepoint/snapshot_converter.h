#ifndef KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_CONVERTER_H_
#define KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_CONVERTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/report/progress.h"
#include "harness/run/work_directory.h"
#include "harness/savepoint/snapshot_catalog.h"
#include "kvstate/backend_registry.h"
#include "kvstate/snapshots.h"

namespace kvstate::harness {

/// ConvertSnapshot's target: the canonical format, which any backend restores.
inline constexpr std::string_view kToSavepoint = "savepoint";

/// Reducing states and the names of their functions (workloads::NamedReduceFunction). An engine may have kept inputs
/// that its state's function has not combined yet; without the function such a state cannot be read.
using ReduceFunctions = std::map<std::string, std::string>;

/// From "count=sum_int64,highest=max_int64". INVALID_ARGUMENT for a function that there is none of.
Result<ReduceFunctions> ParseReduceFunctions(std::string_view text);

/// Restores snapshots in backends of this process and takes them anew. The states stay unclaimed, so that no C++ types
/// are needed; keys are those of the built-in serializers. One at a time; not thread-safe.
class SnapshotConverter {
 public:
  struct Environment {
    const BackendRegistry& registry;
    WorkDirectory& directory;  ///< For the backends' files, and savepoints in between.
    Progress& progress;
    std::function<bool()> stopped;
  };

  /// INVALID_ARGUMENT when `functions` names a state that `metadata` has not, or that is not reducing over int64.
  static Result<std::unique_ptr<SnapshotConverter>> Create(const Environment& environment,
                                                           std::shared_ptr<CheckpointStorage> storage,
                                                           const CheckpointMetadata& metadata,
                                                           const ReduceFunctions& functions);

  /// A backend's ids ascend, over a restore, too: a savepoint in between takes the one after the snapshot's.
  static constexpr uint64_t kIdsTaken = 1;

  /// Writes what the snapshot has in `range` into `storage`: a savepoint, or, of a backend, a full checkpoint in its
  /// own format. REQUIRES: `id` is beyond the snapshot's and kIdsTaken more.
  Result<KeyedStateHandle> Convert(KeyGroupRange range, std::string_view to, bool compress,
                                   const std::shared_ptr<CheckpointStorage>& storage, uint64_t id);
  /// Copies operator state and raw streams, whatever `to` has of keyed state, into `storage`; nothing is redistributed.
  Status CopyOperators(const std::shared_ptr<CheckpointStorage>& storage, CheckpointMetadata* to);
  /// Steps of progress that Convert goes through.
  Result<uint64_t> StepsOf(KeyGroupRange range, std::string_view to) const;
  Progress& progress() { return environment_.progress; }
  /// The handle's key groups of `range` as a savepoint in a storage of its own below the work directory, which
  /// `storage` becomes.
  Result<KeyedStateHandle> ToTemporarySavepoint(KeyGroupRange range, std::shared_ptr<CheckpointStorage>* storage);

 private:
  SnapshotConverter(const Environment& environment, std::shared_ptr<CheckpointStorage> storage,
                    const CheckpointMetadata& metadata);
  std::shared_ptr<CheckpointStorage> Watch(std::shared_ptr<CheckpointStorage> storage);
  /// The backend that can restore what there is in `range`.
  Result<std::string> ReaderOf(KeyGroupRange range, std::string_view wanted) const;
  Result<std::unique_ptr<KeyedStateBackend>> Restore(const std::string& backend, KeyGroupRange range,
                                                     std::span<const KeyedStateHandle> handles,
                                                     const std::shared_ptr<CheckpointStorage>& storage);
  Status ClaimReducing(KeyedStateBackend& backend);
  Result<KeyedStateHandle> Take(std::unique_ptr<KeyedStateBackend> backend, uint64_t id,
                                const std::shared_ptr<CheckpointStorage>& storage, const SnapshotOptions& options);

  const Environment environment_;
  const std::shared_ptr<CheckpointStorage> storage_;
  const CheckpointMetadata metadata_;
  std::vector<StateDescriptor> reducing_;  ///< With the functions that were given.
  std::vector<SerializerPtr> reducing_namespaces_;
  std::mutex mutex_;       ///< Transfers come on several threads.
  uint64_t done_ = 0;      ///< Bytes of this step; guarded by mutex_, as the progress is during one.
  uint64_t expected_ = 0;  ///< 0: not known.
};

struct ConvertOptions {
  std::string to;            ///< kToSavepoint or a backend.
  std::string out;           ///< A directory that is absent, beside a parent that is there, or empty.
  uint32_t parallelism = 0;  ///< 0: the ranges of key groups that there are.
  bool compress = false;
};

/// Writes the whole snapshot into a storage of its own at `options.out`, of which nothing is left after a failure.
Result<CheckpointMetadata> ConvertSnapshot(SnapshotConverter& converter, const CheckpointMetadata& metadata,
                                           const ConvertOptions& options);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_CONVERTER_H_

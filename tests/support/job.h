#ifndef KVSTATE_TESTS_SUPPORT_JOB_H_
#define KVSTATE_TESTS_SUPPORT_JOB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/descriptors.h"
#include "kvstate/snapshots.h"
#include "tests/support/content.h"

namespace kvstate::testing_support {

struct JobState {
  StateDescriptor descriptor;
  SerializerPtr namespace_serializer;
};

/// One of each kind without and one with namespaces, over serializers of several shapes. All values, elements and
/// inputs are texts.
std::vector<JobState> StatesOfEveryKind();
/// A value without namespaces, and a map under windows.
std::vector<JobState> TwoStates();

struct JobOptions {
  const BackendFactory* factory = nullptr;
  std::string directory;  ///< Each instance works in a folder of it.
  SerializerPtr key_serializer = RawBytesSerializer();
  uint32_t max_parallelism = kDefaultMaxParallelism;
  uint32_t parallelism = 1;
  uint32_t keys = 150;  ///< Distinct ones.
  std::vector<JobState> states = StatesOfEveryKind();
  std::map<std::string, std::string> engine;
};

/// The parallel instances of an operator with state, as a stream job has them, and what is done to all of them at once.
/// Whatever is random comes from seeds. What cannot fail throws; what a test may want to see fail gives a Status.
class Job {
 public:
  /// All instances, without states.
  explicit Job(JobOptions options);

  const JobOptions& options() const { return options_; }
  size_t size() const { return instances_.size(); }
  KeyedStateBackend& backend(size_t instance = 0) { return *instances_[instance].backend; }
  Snapshots& snapshots(size_t instance = 0);

  /// Makes or claims every state. The calls below that touch states do it.
  void MakeStates();
  /// That many random writes, additions and removals, anywhere.
  void Change(uint64_t seed, int changes);
  /// All that the instances hold together. Throws when NumEntries says otherwise.
  Content Read();
  /// Every entry of every state goes.
  void Clear();

  /// A snapshot of every instance, run here and now.
  Result<std::vector<KeyedStateHandle>> Snapshot(uint64_t id, const std::shared_ptr<CheckpointStorage>& storage,
                                                 const SnapshotOptions& options);
  Status NotifyComplete(uint64_t id);
  Status NotifyAborted(uint64_t id);
  /// Snapshot, Complete and NotifyComplete, or on failure Abort and NotifyAborted. Gives the id.
  Result<uint64_t> Checkpoint(CheckpointStore& store, const SnapshotOptions& options);
  /// Every instance from what there is for its key groups. Stops at the first failure.
  Status Restore(std::span<const KeyedStateHandle> handles, const std::shared_ptr<CheckpointStorage>& storage,
                 bool claim);

 private:
  struct Instance {
    std::unique_ptr<KeyedStateBackend> backend;
    std::vector<InternalKVState*> states;  ///< Null: not made or claimed.
  };

  std::string KeyOf(uint32_t number) const;
  void ChangeOnce(std::mt19937_64& random);
  InternalKVState& StateAt(Instance& instance, size_t state);

  JobOptions options_;
  std::vector<Instance> instances_;
};

/// The options of a snapshot of that kind.
SnapshotOptions OfKind(SnapshotKind kind);

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_JOB_H_

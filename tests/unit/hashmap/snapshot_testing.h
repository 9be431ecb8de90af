#ifndef KVSTATE_TESTS_UNIT_HASHMAP_SNAPSHOT_TESTING_H_
#define KVSTATE_TESTS_UNIT_HASHMAP_SNAPSHOT_TESTING_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"
#include "tests/unit/hashmap/hashmap_testing.h"

namespace kvstate::backends::hashmap {

/// All that a backend holds: value bytes (after a null byte) by state, key, namespace and user key.
using Contents = std::map<std::vector<std::string>, std::string>;
void AddContentsOf(InternalKVState& state, Contents* contents);

inline Snapshots& SnapshotsOf(KeyedStateBackend& backend) {
  return *static_cast<Snapshots*>(backend.GetExtension(Snapshots::kExtensionId));
}

/// A storage in memory that calls `between` before each write: for what the owner does beside a snapshot, on one thread
/// and so the same each time.
class InterruptingStorage final : public CheckpointStorage {
 public:
  std::function<void()> between;

  std::string_view location() const override { return inner_->location(); }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override;
  Status Publish(std::string_view path, ByteView bytes) override { return inner_->Publish(path, bytes); }
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override { return inner_->Open(path); }
  Status Remove(std::string_view path) override { return inner_->Remove(path); }
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override { return inner_->List(prefix); }

 private:
  class Writer;
  const std::shared_ptr<CheckpointStorage> inner_ = MakeMemoryStorage(uint64_t{1} << 32);
};

/// A job with a state of every kind, that writes at random in every way there is.
template <class K>
class RandomJob {
 public:
  RandomJob(uint64_t seed, uint32_t max_parallelism, int keys)
      : backend_(OpenHashMap<K>(max_parallelism)), random_(seed), keys_(keys) {}

  KeyedStateBackend& backend() { return backend_.backend(); }
  Snapshots& snapshots() { return SnapshotsOf(backend()); }
  /// Asks for the states; those of a restored backend are claimed by it.
  void MakeStates();
  /// So many random operations.
  void Work(int operations);
  void Restore(const KeyedStateHandle& handle, std::shared_ptr<CheckpointStorage> storage, bool claim);
  /// Removes a state and makes another one of that name.
  void Recreate();
  Contents contents();
  uint64_t Random(uint64_t below) { return random_() % below; }

 private:
  using Acc = std::pair<int64_t, std::string>;

  K RandomKey();
  std::string RandomText();
  void ChangeValue();
  void ChangeList();
  void ChangeAccumulators();
  void ChangeMap();
  void ChangeTextMap();
  void ChangeByVisitor();
  std::vector<InternalKVState*> states() const;

  KeyedBackend<K> backend_;
  std::mt19937_64 random_;
  const int keys_;
  ValueState<std::string> value_;
  ListState<std::string> list_;
  ReducingState<int64_t> reducing_;
  AggregatingState<int64_t, Acc, int64_t> aggregating_;
  FoldingState<int64_t, std::string> folding_;
  MapState<int64_t, std::string> map_;
  MapState<std::string, std::string> text_map_;
};

extern template class RandomJob<int64_t>;
extern template class RandomJob<std::string>;

/// Runs a snapshot to its end.
KeyedStateHandle TakeSnapshot(KeyedStateBackend& backend, uint64_t id, std::shared_ptr<CheckpointStorage> storage,
                              SnapshotKind kind);

/// What a new backend has after a restore, all states claimed.
template <class K>
Contents Restored(const KeyedStateHandle& handle, std::shared_ptr<CheckpointStorage> storage) {
  RandomJob<K> job(1, handle.max_parallelism, 1);
  job.Restore(handle, std::move(storage), /*claim=*/false);
  job.MakeStates();
  return job.contents();
}

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_TESTS_UNIT_HASHMAP_SNAPSHOT_TESTING_H_

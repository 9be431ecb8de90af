#ifndef KVSTATE_TESTS_UNIT_TTL_CLEANUP_CLEANUP_TESTING_H_
#define KVSTATE_TESTS_UNIT_TTL_CLEANUP_CLEANUP_TESTING_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "kvstate/backends.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"
#include "kvstate/ttl_sweep.h"
#include "tests/support/must.h"
#include "tests/support/status_testing.h"
#include "tests/unit/checkpoint/scratch_directory.h"

namespace kvstate {

using testing_support::Must;

inline constexpr int64_t kTtl = 300;  ///< Milliseconds.
inline constexpr int64_t kStart = 10'000;

/// A backend whose values live for kTtl of a clock that the test moves, without an engine's filter, so that all
/// backends do the same.
class TtlCleanupTest : public testing::TestWithParam<std::string> {
 protected:
  TtlCleanupTest() {
    ttl_.ttl_millis = kTtl;
    ttl_.cleanup.compaction_filter = false;
    Must(RegisterBuiltinBackends(registry_));
  }

  KeyedBackend<int64_t> Open() {
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.directory = directory_.File("task" + std::to_string(tasks_++));
    options.clock = clock_;
    return KeyedBackend<int64_t>(Must(registry_.Create(GetParam(), options)));
  }
  template <class Descriptor>
  Descriptor WithTtl(Descriptor descriptor) const {
    descriptor.ttl = ttl_;
    return descriptor;
  }
  ValueStateDescriptor<int64_t> Value(const std::string& name = "value") const {
    return WithTtl(ValueStateDescriptor<int64_t>(name));
  }
  void Put(KeyedBackend<int64_t>& backend, ValueState<int64_t>& state, int64_t from, int64_t to) {
    for (int64_t key = from; key < to; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Update(key));
    }
  }

  static TtlSweep& SweepOf(KeyedBackend<int64_t>& backend) { return *GetExtension<TtlSweep>(backend.backend()); }
  static TtlFigures FiguresOf(KeyedBackend<int64_t>& backend, size_t state = 0) {
    return SweepOf(backend).Figures().at(state);
  }
  /// A whole pass; how many calls it took.
  static int SweepAll(KeyedBackend<int64_t>& backend, uint64_t entries = 1'000'000) {
    int calls = 1;
    for (; !Must(SweepOf(backend).Sweep(entries)); ++calls) {
      if (calls > 100'000) throw std::runtime_error("the sweep does not end");
    }
    return calls;
  }
  static uint64_t Stored(KeyedBackend<int64_t>& backend) { return Must(backend.backend().NumEntries()); }

  // --- Snapshots, in a storage in memory ---
  static Snapshots& SnapshotsOf(KeyedBackend<int64_t>& backend) { return *GetExtension<Snapshots>(backend.backend()); }
  std::unique_ptr<SnapshotTask> Begin(KeyedBackend<int64_t>& backend, uint64_t id, SnapshotKind kind) {
    SnapshotOptions options;
    options.kind = kind;
    return Must(SnapshotsOf(backend).Snapshot(id, storage_, options));
  }
  SnapshotResult TakeConfirmed(KeyedBackend<int64_t>& backend, uint64_t id, SnapshotKind kind) {
    SnapshotResult result = Must(Begin(backend, id, kind)->Run());
    if (kind != SnapshotKind::kSavepoint) Must(SnapshotsOf(backend).NotifyComplete(id));
    return result;
  }
  KeyedBackend<int64_t> Restore(const SnapshotResult& snapshot) {
    KeyedBackend<int64_t> backend = Open();
    const KeyedStateHandle handles[] = {snapshot.handle};
    Must(SnapshotsOf(backend).Restore(handles, storage_, {}));
    return backend;
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kStart);
  TtlConfig ttl_;

 private:
  const testing_support::ScratchDirectory directory_;
  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(uint64_t{1} << 30);
  BackendRegistry registry_;
  int tasks_ = 0;
};

#define KVSTATE_CLEANUP_ON_EVERY_BACKEND(suite)                                               \
  INSTANTIATE_TEST_SUITE_P(, suite, testing::Values("hashmap", "rocksdb", "leveldb", "lmdb"), \
                           [](const testing::TestParamInfo<std::string>& backend) { return backend.param; })

}  // namespace kvstate

#endif  // KVSTATE_TESTS_UNIT_TTL_CLEANUP_CLEANUP_TESTING_H_

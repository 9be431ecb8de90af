#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/hashmap/snapshot_testing.h"

namespace kvstate::backends::hashmap {
namespace {

constexpr SnapshotKind kKinds[] = {SnapshotKind::kFullCheckpoint, SnapshotKind::kSavepoint,
                                   SnapshotKind::kIncrementalCheckpoint};

/// A snapshot that runs on a thread of its own from the start.
class Running {
 public:
  Running(Snapshots& snapshots, uint64_t id, std::shared_ptr<CheckpointStorage> storage) {
    SnapshotOptions options;
    options.kind = kKinds[id % 3];
    auto begun = snapshots.Snapshot(id, std::move(storage), options);
    EXPECT_OK(begun);
    task_ = std::move(begun).value();
    thread_ = std::thread([this] {
      auto result = task_->Run();
      EXPECT_OK(result);
      if (result.ok()) handle_ = result->handle;
      done_ = true;
    });
  }
  bool done() const { return done_; }
  const KeyedStateHandle& Join() {
    thread_.join();
    return handle_;
  }

 private:
  std::unique_ptr<SnapshotTask> task_;
  KeyedStateHandle handle_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

template <class K>
class HashMapSnapshotThreads : public ::testing::Test {};
using KeyTypes = ::testing::Types<int64_t, std::string>;
TYPED_TEST_SUITE(HashMapSnapshotThreads, KeyTypes);

TYPED_TEST(HashMapSnapshotThreads, TheOwnerWritesInEveryWayBesideTwoSnapshots) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    RandomJob<TypeParam> job(seed, seed % 2 == 0 ? 1 : 16, 400);
    auto storage = MakeMemoryStorage(uint64_t{1} << 30);
    job.MakeStates();
    job.Work(3000);
    for (uint64_t id = 1; id <= 7; id += 2) {
      const Contents at_first = job.contents();
      Running first(job.snapshots(), id, storage);
      job.Work(30);
      const Contents at_second = job.contents();
      Running second(job.snapshots(), id + 1, storage);
      while (!first.done() || !second.done()) job.Work(10);
      const KeyedStateHandle first_handle = first.Join();
      const KeyedStateHandle second_handle = second.Join();
      EXPECT_EQ(Restored<TypeParam>(first_handle, storage), at_first);
      EXPECT_EQ(Restored<TypeParam>(second_handle, storage), at_second);
      ASSERT_OK(job.snapshots().NotifyComplete(id));
      job.Work(100);
    }
  }
}

TYPED_TEST(HashMapSnapshotThreads, StatesAreRemovedAndTheBackendDisposedOfBesideASnapshot) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    auto job = std::make_unique<RandomJob<TypeParam>>(seed, 8, 400);
    auto storage = MakeMemoryStorage(uint64_t{1} << 30);
    job->MakeStates();
    job->Work(3000);
    const Contents expected = job->contents();
    Running whole(job->snapshots(), 1, storage);
    job->Recreate();
    job->Work(100);
    EXPECT_EQ(Restored<TypeParam>(whole.Join(), storage), expected);

    ASSERT_OK_AND_ASSIGN(auto task, job->snapshots().Snapshot(2, storage, {}));
    std::thread writer([&task] {
      const auto result = task->Run();
      if (!result.ok()) {
        EXPECT_CODE(result, kCancelled);
      }
    });
    job->Work(20);
    job.reset();
    writer.join();
  }
}

}  // namespace
}  // namespace kvstate::backends::hashmap

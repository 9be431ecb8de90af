#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/checkpoint/checkpoint_store_testing.h"

namespace kvstate {
namespace {

using testing_support::OpenStore;
using testing_support::PathsIn;
using testing_support::Strings;
using testing_support::TryCheckpoint;

TEST(CheckpointStoreThreadsTest, CheckpointsRunBesideEachOtherAndBesideCleanUps) {
  const auto storage = MakeMemoryStorage(1 << 20);
  const auto store = OpenStore(storage, 2);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, &failures, t] {
      for (int i = 0; i < 100; ++i) {
        const uint64_t id = store->Begin();
        const bool completes = i % 3 != t % 3;
        const Status status = completes ? TryCheckpoint(*store, id) : store->Abort(id);
        if (!status.ok() || (i % 8 == t && !store->RemoveOrphans().ok()) || store->Completed().size() > 2) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store->Begin(), 401u);
  const std::vector<CheckpointMetadata> completed = store->Completed();
  ASSERT_EQ(completed.size(), 2u);
  for (const CheckpointMetadata& metadata : completed) EXPECT_OK(VerifyCheckpoint(*storage, metadata));
  EXPECT_OK(store->Abort(401));
  EXPECT_EQ(PathsIn(*storage).size(), 6u);
}

}  // namespace
}  // namespace kvstate

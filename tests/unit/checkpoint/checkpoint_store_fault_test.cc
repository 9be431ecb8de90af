#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "tests/support/failing_storage.h"
#include "tests/unit/checkpoint/checkpoint_store_testing.h"

namespace kvstate {
namespace {

using testing_support::FailingStorage;
using testing_support::FailurePlan;
using testing_support::OpenStore;
using testing_support::PathsIn;
using testing_support::StoreFile;
using testing_support::Strings;
using testing_support::TakeCheckpoint;
using testing_support::TakeSavepoint;
using testing_support::TryCheckpoint;

constexpr SnapshotKind kIncremental = SnapshotKind::kIncrementalCheckpoint;

/// One storage with a history, made anew for each failure.
struct Job {
  std::shared_ptr<CheckpointStorage> inner = MakeMemoryStorage(1 << 20);
  std::shared_ptr<FailingStorage> storage = std::make_shared<FailingStorage>(inner);
  std::unique_ptr<CheckpointStore> store = OpenStore(storage, 2);
  uint64_t running = 0;

  Job() {
    TakeCheckpoint(*store);
    TakeSavepoint(*store);
    TakeCheckpoint(*store, {SharedFile()});
    running = store->Begin();
    StoreFile(*inner, "chk-" + std::to_string(running) + "/half");
    StoreFile(*inner, "shared/" + std::to_string(running) + "-half");
    StoreFile(*inner, "foreign");
  }
  /// Of the newest checkpoint.
  StoredFile SharedFile() const {
    StoredFile shared;
    for (const CheckpointMetadata& metadata : store->Completed()) {
      for (const SnapshotFile& file : metadata.handles.at(0).files) {
        if (file.shared) shared = file.file;
      }
    }
    return shared;
  }

  /// All that is complete verifies, in this store and in one that is opened afterwards, which sees the same; and when
  /// nothing fails any more, a clean-up leaves exactly the files of these.
  void ExpectSound(uint64_t at_least) {
    storage->Disarm();
    ASSERT_OK_AND_ASSIGN(const CheckpointMetadata latest, store->Latest());
    EXPECT_GE(latest.checkpoint_id, at_least);
    for (const CheckpointMetadata& metadata : store->Completed()) {
      EXPECT_OK(VerifyCheckpoint(*storage, metadata));
      EXPECT_OK(ReadCheckpointMetadata(*storage, CheckpointFolder(metadata.kind, metadata.checkpoint_id)));
    }
    const std::vector<CheckpointMetadata> before = store->Completed();
    store.reset();
    store = OpenStore(storage, 2);
    ASSERT_NE(store, nullptr);
    for (const CheckpointMetadata& metadata : before) {
      EXPECT_OK(VerifyCheckpoint(*storage, metadata));
      EXPECT_OK(ReadCheckpointMetadata(*storage, CheckpointFolder(metadata.kind, metadata.checkpoint_id)));
    }
    for (const CheckpointMetadata& metadata : store->Completed()) EXPECT_OK(VerifyCheckpoint(*storage, metadata));
    ExpectNoOrphans();
  }
  void ExpectNoOrphans() const {
    std::set<std::string> referred{"foreign"};
    for (const CheckpointMetadata& metadata : store->Completed()) {
      referred.insert(CheckpointFolder(metadata.kind, metadata.checkpoint_id) + "/_metadata");
      for (const KeyedStateHandle& handle : metadata.handles) {
        for (const SnapshotFile& file : handle.files) referred.insert(file.file.path);
      }
    }
    EXPECT_EQ(PathsIn(*inner), Strings(referred.begin(), referred.end()));
  }
};

/// Lets `run` fail at its n-th operation, n walked upward until none is left, in each way there is. `check` sees each
/// outcome. Gives how many operations there were.
uint64_t WalkFailures(const std::function<Status(Job&)>& run, const std::function<void(Job&, const Status&)>& check) {
  uint64_t n = 0;
  for (int ways = 0; ways < 8; ++ways) {
    n = 0;
    for (bool failed = true; failed;) {
      SCOPED_TRACE("operation " + std::to_string(n + 1) + ", way " + std::to_string(ways));
      Job job;
      FailurePlan plan;
      plan.fail_at = ++n;
      plan.from_then_on = (ways & 1) != 0;
      plan.half_append = plan.leave_unfinished = (ways & 2) != 0;
      plan.late_publish = (ways & 4) != 0;
      job.storage->Arm(plan);
      const Status status = run(job);
      failed = job.storage->failed();
      EXPECT_TRUE(failed || status.ok()) << status.ToString();
      if (!status.ok()) {
        EXPECT_MENTIONS(status, job.storage->failed_path().value_or("?"));
      }
      check(job, status);
    }
  }
  return n - 1;
}

TEST(CheckpointStoreFaultTest, TakingACheckpointThatSubsumesAnother) {
  const uint64_t operations =
      WalkFailures([](Job& job) { return TryCheckpoint(*job.store, job.running, {job.SharedFile()}); },
                   [](Job& job, const Status& status) {
                     ASSERT_EQ(job.store->Latest()->checkpoint_id, status.ok() ? job.running : 3);
                     if (!status.ok()) job.store->Abort(job.running).IgnoreError();
                     job.ExpectSound(3);
                   });
  EXPECT_EQ(operations, 11u) << "twice create, append, close; twice list; publish; twice remove";
}

TEST(CheckpointStoreFaultTest, ACleanUpInTheSameStoreAfterASubsumeThatFailed) {
  WalkFailures([](Job& job) { return TryCheckpoint(*job.store, job.running, {job.SharedFile()}); },
               [](Job& job, const Status& status) {
                 job.storage->Disarm();
                 if (!status.ok()) {
                   ASSERT_OK(job.store->Abort(job.running));
                 }
                 ASSERT_OK(job.store->RemoveOrphans());
                 EXPECT_EQ(job.store->Completed().size(), 3u);
                 job.ExpectNoOrphans();
               });
}

TEST(CheckpointStoreFaultTest, TheNextCheckpointSucceeds) {
  WalkFailures([](Job& job) { return TryCheckpoint(*job.store, job.running, {job.SharedFile()}); },
               [](Job& job, const Status& status) {
                 job.storage->Disarm();
                 if (!status.ok()) {
                   ASSERT_OK(job.store->Abort(job.running));
                 }
                 TakeCheckpoint(*job.store, {job.SharedFile()});
                 TakeCheckpoint(*job.store);
                 job.ExpectSound(6);
               });
}

TEST(CheckpointStoreFaultTest, WhatCouldNotBeCompletedCannotBeSeen) {
  Job job;
  FailurePlan late;
  late.fail_at = 9;
  late.late_publish = true;
  job.storage->Arm(late);
  EXPECT_MENTIONS(TryCheckpoint(*job.store, job.running), "cannot publish 'chk-4/_metadata'");
  EXPECT_CODE(ReadCheckpointMetadata(*job.inner, "chk-4"), kNotFound) << "it was there, and is taken away";
  EXPECT_EQ(job.store->Latest()->checkpoint_id, 3u);
}

TEST(CheckpointStoreFaultTest, Aborting) {
  const uint64_t operations = WalkFailures([](Job& job) { return job.store->Abort(job.running); },
                                           [](Job& job, const Status&) {
                                             EXPECT_CODE(job.store->Abort(job.running), kFailedPrecondition);
                                             job.ExpectSound(3);
                                           });
  EXPECT_EQ(operations, 7u) << "twice remove metadata, thrice list, twice remove";
}

TEST(CheckpointStoreFaultTest, AbortingWhatWasPublishedAfterAll) {
  WalkFailures(
      [](Job& job) {
        FailurePlan late;
        late.fail_at = 9;
        late.from_then_on = late.late_publish = true;
        const FailurePlan plan = job.storage->plan();
        job.storage->Arm(late);
        EXPECT_FALSE(TryCheckpoint(*job.store, job.running).ok());
        EXPECT_OK(ReadCheckpointMetadata(*job.inner, "chk-4")) << "it is there, and could not be removed";
        job.storage->Arm(plan);
        return job.store->Abort(job.running);
      },
      [](Job& job, const Status&) { job.ExpectSound(3); });
}

TEST(CheckpointStoreFaultTest, Discarding) {
  for (const uint64_t id : {1u, 2u, 3u}) {
    WalkFailures([id](Job& job) { return job.store->Discard(id); },
                 [id](Job& job, const Status& status) {
                   EXPECT_TRUE(!status.ok() || job.store->Completed().size() == 2);
                   job.storage->Disarm();
                   ASSERT_OK(job.store->Abort(job.running));
                   ASSERT_OK(job.store->RemoveOrphans());
                   job.ExpectNoOrphans();
                   job.ExpectSound(id == 3 ? 2 : 3);
                 });
  }
}

TEST(CheckpointStoreFaultTest, RemovingOrphans) {
  WalkFailures(
      [](Job& job) {
        for (const char* path : {"chk-9/a", "shared/9-a", "shared/1-b"}) StoreFile(*job.inner, path);
        EXPECT_OK(job.inner->Publish("chk-9/_metadata", EncodeCheckpointMetadata({9, kIncremental, 0, {}})));
        return job.store->RemoveOrphans().status();
      },
      [](Job& job, const Status&) { job.ExpectSound(3); });
}

TEST(CheckpointStoreFaultTest, Opening) {
  const uint64_t operations = WalkFailures(
      [](Job& job) {
        job.store.reset();
        auto store = CheckpointStore::Open(job.storage, {2, 1, nullptr});
        if (store.ok()) job.store = std::move(store).value();
        return store.status();
      },
      [](Job& job, const Status&) {
        job.storage->Disarm();
        if (job.store == nullptr) job.store = OpenStore(job.storage, 2);
        job.ExpectSound(3);
      });
  EXPECT_EQ(operations, 10u) << "list, thrice open and read, list, twice remove";
}

}  // namespace
}  // namespace kvstate

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/conformance/snapshot_testing.h"
#include "tests/support/failing_storage.h"

namespace kvstate {
namespace {

using conformance::Files;
using conformance::Handles;
using testing_support::Content;
using testing_support::DifferenceOf;
using testing_support::FailingStorage;
using testing_support::FailurePlan;
using testing_support::Job;
using testing_support::JobOptions;
using testing_support::Must;
using testing_support::OfKind;

constexpr uint64_t kMostOperations = 2000;

/// Every single operation on the storage fails once, the first first, until what was tried succeeds.
class StorageFailureTest : public conformance::SnapshotTest {
 protected:
  StorageFailureTest() : failing_(std::make_shared<FailingStorage>(storage())) {}

  static JobOptions Small(uint32_t parallelism = 1) {
    JobOptions options;
    options.states = testing_support::TwoStates();
    options.parallelism = parallelism;
    options.keys = 60;
    return options;
  }

  /// All that there is, once what nobody refers to is removed: the newest checkpoint whole, with the content it had
  /// when it was taken, and no file besides those of the complete ones.
  void ExpectSound(CheckpointStore& store, const std::map<uint64_t, Content>& contents, const JobOptions& options) {
    ASSERT_OK(store.RemoveOrphans());
    Files expected;
    for (const CheckpointMetadata& metadata : store.Completed()) {
      ASSERT_OK(VerifyCheckpoint(*storage(), metadata));
      const std::string path = CheckpointFolder(metadata.kind, metadata.checkpoint_id) + "/_metadata";
      for (const auto& file : FilesIn(*storage(), path)) expected.push_back(file);
      for (const KeyedStateHandle& handle : metadata.handles) {
        const Files files = conformance::FilesOf(handle);
        expected.insert(expected.end(), files.begin(), files.end());
      }
    }
    std::sort(expected.begin(), expected.end());
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    EXPECT_EQ(FilesIn(), expected) << "no orphan stays";
    const CheckpointMetadata latest = Must(store.Latest());
    ASSERT_TRUE(contents.contains(latest.checkpoint_id));
    ExpectRestores(latest.handles, contents.at(latest.checkpoint_id), options);
  }

  /// Whether a failure names one of the files whose operations failed.
  bool NamesWhatFailed(const Status& status, uint64_t fail_at) const {
    const std::vector<std::string> log = failing_->log();
    for (size_t i = fail_at - 1; i < log.size(); ++i) {
      if (status.message().find(log[i].substr(log[i].find(' ') + 1)) != std::string_view::npos) return true;
    }
    return false;
  }

  /// Checkpoints of `kind` with each operation failing in turn. When `dies`, so does the process each time: another
  /// store and another job, restored, go on.
  void WalkCheckpoints(SnapshotKind kind, FailurePlan plan, bool dies) {
    const JobOptions options = Small(2);
    auto job = std::make_unique<Job>(NewJob(options));
    auto store = Must(CheckpointStore::Open(failing_, {}));
    std::map<uint64_t, Content> contents;
    job->Change(1, 400);
    contents[Must(job->Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)))] = job->Read();
    for (plan.fail_at = 1; plan.fail_at < kMostOperations; ++plan.fail_at) {
      SCOPED_TRACE("operation " + std::to_string(plan.fail_at));
      job->Change(100 + plan.fail_at, 10);
      const uint64_t id = store->Begin();
      Must(store->Abort(id));
      contents[id + 1] = job->Read();
      failing_->Arm(plan);
      const auto done = job->Checkpoint(*store, OfKind(kind));
      const bool failed = failing_->failed();
      if (!done.ok()) {
        EXPECT_TRUE(NamesWhatFailed(done.status(), plan.fail_at)) << done.status().ToString();
      }
      failing_->Disarm();
      if (dies) {
        store.reset();
        store = Must(CheckpointStore::Open(failing_, {}));
        EXPECT_TRUE(Must(store->RemoveOrphans()).empty()) << "opening removed them";
        job = std::make_unique<Job>(NewJob(options));
        ASSERT_OK(job->Restore(Must(store->Latest()).handles, failing_, true));
      }
      ExpectSound(*store, contents, options);
      if (HasFatalFailure()) return;
      if (!failed) {
        EXPECT_EQ(Must(store->Latest()).checkpoint_id, id + 1);
        EXPECT_GT(plan.fail_at, 5u) << "a checkpoint takes some operations";
        return;
      }
    }
    FAIL() << "it never succeeds";
  }

  const std::shared_ptr<FailingStorage> failing_;
};
KVSTATE_ON_EVERY_BACKEND(StorageFailureTest);

TEST_P(StorageFailureTest, OneFailureInAnIncrementalCheckpointCostsNoOtherOne) {
  WalkCheckpoints(SnapshotKind::kIncrementalCheckpoint, {}, false);
}

TEST_P(StorageFailureTest, OneFailureInAFullCheckpointCostsNoOtherOne) {
  WalkCheckpoints(SnapshotKind::kFullCheckpoint, {}, false);
}

TEST_P(StorageFailureTest, OneFailureInASavepointCostsNoCheckpoint) {
  WalkCheckpoints(SnapshotKind::kSavepoint, {}, false);
}

TEST_P(StorageFailureTest, AStorageThatGoesAwayInTheMiddleKeepsWhatWasConfirmed) {
  FailurePlan plan;
  plan.from_then_on = true;
  plan.half_append = true;
  plan.late_publish = true;
  WalkCheckpoints(SnapshotKind::kIncrementalCheckpoint, plan, false);
}

TEST_P(StorageFailureTest, AProcessThatDiesInTheMiddleLeavesNothingForGood) {
  for (const bool late_publish : {false, true}) {
    FailurePlan plan;
    plan.from_then_on = true;
    plan.half_append = true;
    plan.leave_unfinished = true;
    plan.late_publish = late_publish;
    WalkCheckpoints(SnapshotKind::kIncrementalCheckpoint, plan, true);
    for (const auto& [path, bytes] : FilesIn()) Must(storage()->Remove(path));
  }
}

TEST_P(StorageFailureTest, ARestoreThatFailsAnywhereLeavesAnEmptyBackend) {
  for (const SnapshotKind kind : conformance::kSnapshotKinds) {
    Job source = NewJob(Small(3));
    source.Change(1, 300);
    Must(source.Snapshot(1, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint)));
    Must(source.NotifyComplete(1));
    source.Change(2, 100);
    const Content content = source.Read();
    const Handles handles = Must(source.Snapshot(2, storage(), OfKind(kind)));
    const Files files = FilesIn();
    Job job = NewJob(Small());
    FailurePlan plan;
    for (plan.fail_at = 1;; ++plan.fail_at) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", operation " + std::to_string(plan.fail_at));
      ASSERT_LT(plan.fail_at, kMostOperations) << "it never succeeds";
      failing_->Arm(plan);
      const Status status = job.snapshots().Restore(handles, failing_, RestoreOptions{});
      const auto failed_path = failing_->failed_path();
      failing_->Disarm();
      if (status.ok()) {
        EXPECT_FALSE(failed_path.has_value()) << "a failure was passed over: " << *failed_path;
        break;
      }
      ASSERT_TRUE(failed_path.has_value()) << status.ToString();
      EXPECT_MENTIONS(status, *failed_path);
      EXPECT_TRUE(job.snapshots().UnclaimedStates().empty());
      EXPECT_EQ(Must(job.backend().NumEntries()), 0u);
      EXPECT_EQ(FilesIn(), files) << "a restore only reads";
    }
    EXPECT_GT(plan.fail_at, 3u);
    EXPECT_EQ(DifferenceOf(content, job.Read()), "");
    for (const auto& [path, bytes] : FilesIn()) Must(storage()->Remove(path));
  }
}

TEST_P(StorageFailureTest, OpeningAStoreFailsOrFindsTheCheckpoint) {
  const JobOptions options = Small();
  std::map<uint64_t, Content> contents;
  {
    Job job = NewJob(options);
    const auto store = Must(CheckpointStore::Open(storage(), {}));
    job.Change(1, 300);
    contents[Must(job.Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)))] = job.Read();
    Must(job.Snapshot(store->Begin(), storage(), OfKind(SnapshotKind::kFullCheckpoint)));
  }
  FailurePlan plan;
  for (plan.fail_at = 1;; ++plan.fail_at) {
    ASSERT_LT(plan.fail_at, kMostOperations);
    failing_->Arm(plan);
    const auto store = CheckpointStore::Open(failing_, {});
    const bool failed = failing_->failed();
    const std::string failed_path = failing_->failed_path().value_or("");
    failing_->Disarm();
    if (!store.ok()) {
      EXPECT_MENTIONS(store, failed_path);
      continue;
    }
    ExpectSound(**store, contents, options);
    if (!failed) break;
  }
  EXPECT_GT(plan.fail_at, 2u);
}

TEST_P(StorageFailureTest, DiscardingFailsOrRemovesTheSavepointAndNothingElse) {
  const JobOptions options = Small();
  Job job = NewJob(options);
  const auto store = Must(CheckpointStore::Open(failing_, {}));
  std::map<uint64_t, Content> contents;
  FailurePlan plan;
  for (plan.fail_at = 1;; ++plan.fail_at) {
    ASSERT_LT(plan.fail_at, kMostOperations);
    job.Change(plan.fail_at, 50);
    const uint64_t savepoint = Must(job.Checkpoint(*store, OfKind(SnapshotKind::kSavepoint)));
    contents[savepoint] = job.Read();
    contents[Must(job.Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)))] = job.Read();
    failing_->Arm(plan);
    const Status status = store->Discard(savepoint);
    const auto failed_path = failing_->failed_path();
    failing_->Disarm();
    if (!status.ok()) {
      ASSERT_TRUE(failed_path.has_value()) << status.ToString();
      EXPECT_MENTIONS(status, *failed_path);
    }
    ExpectSound(*store, contents, options);
    if (!failed_path.has_value()) break;
  }
  EXPECT_GT(plan.fail_at, 1u);
}

}  // namespace
}  // namespace kvstate

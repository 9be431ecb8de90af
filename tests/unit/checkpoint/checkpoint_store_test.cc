#include "kvstate/checkpoint_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/checkpoint/checkpoint_store_testing.h"

namespace kvstate {
namespace {

using testing_support::CompletedIds;
using testing_support::HandleOf;
using testing_support::NewFileOfLatest;
using testing_support::OpenStore;
using testing_support::PathsIn;
using testing_support::StoreFile;
using testing_support::Strings;
using testing_support::TakeCheckpoint;
using testing_support::TakeSavepoint;
using testing_support::TryCheckpoint;
using Ids = std::vector<uint64_t>;

constexpr SnapshotKind kFull = SnapshotKind::kFullCheckpoint;
constexpr SnapshotKind kIncremental = SnapshotKind::kIncrementalCheckpoint;
constexpr SnapshotKind kSavepoint = SnapshotKind::kSavepoint;

class CheckpointStoreTest : public testing::Test {
 protected:
  StoredFile Store(const std::string& path) const { return StoreFile(*storage_, path); }
  Strings Paths() const { return PathsIn(*storage_); }

  std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 20);
};

TEST_F(CheckpointStoreTest, ACheckpointExistsOnceItIsComplete) {
  const auto store = OpenStore(storage_);
  EXPECT_CODE(store->Latest(), kNotFound);
  const uint64_t id = store->Begin();
  EXPECT_EQ(id, 1u);
  const KeyedStateHandle handle = HandleOf(id, kFull, {Store("chk-1/a"), Store("chk-1/b")});
  EXPECT_EQ(CompletedIds(*store), Ids{});
  EXPECT_CODE(ReadCheckpointMetadata(*storage_, "chk-1"), kNotFound);
  ASSERT_OK(store->Complete(id, kFull, {handle}));
  ASSERT_OK_AND_ASSIGN(const CheckpointMetadata latest, store->Latest());
  EXPECT_EQ(latest, (CheckpointMetadata{1, kFull, 1234, {handle}}));
  ASSERT_OK_AND_ASSIGN(const CheckpointMetadata read, ReadCheckpointMetadata(*storage_, "chk-1"));
  EXPECT_EQ(read, latest);
  EXPECT_OK(VerifyCheckpoint(*storage_, read));
  EXPECT_CODE(store->Complete(id, kFull, {handle}), kFailedPrecondition);
}

TEST_F(CheckpointStoreTest, SubsumesWhatIsBeyondTheRetainedAndOnlyWhatNobodyRefersTo) {
  const auto store = OpenStore(storage_, 2);
  TakeCheckpoint(*store);
  const StoredFile first = NewFileOfLatest(*store);
  TakeCheckpoint(*store, {first});
  const StoredFile second = NewFileOfLatest(*store);
  EXPECT_EQ(CompletedIds(*store), (Ids{1, 2}));
  TakeCheckpoint(*store, {second});
  EXPECT_EQ(CompletedIds(*store), (Ids{2, 3}));
  EXPECT_EQ(Paths(), (Strings{"chk-2/_metadata", "chk-2/own", "chk-3/_metadata", "chk-3/own", "shared/1-new",
                              "shared/2-new", "shared/3-new"}))
      << "2 refers to the file of 1";
  TakeCheckpoint(*store);
  EXPECT_EQ(Paths(), (Strings{"chk-3/_metadata", "chk-3/own", "chk-4/_metadata", "chk-4/own", "shared/2-new",
                              "shared/3-new", "shared/4-new"}));
  for (const CheckpointMetadata& metadata : store->Completed()) EXPECT_OK(VerifyCheckpoint(*storage_, metadata));
}

TEST_F(CheckpointStoreTest, SavepointsAreKeptUntilTheyAreDiscarded) {
  const auto store = OpenStore(storage_);
  const uint64_t savepoint = TakeSavepoint(*store);
  TakeCheckpoint(*store);
  TakeCheckpoint(*store);
  EXPECT_EQ(CompletedIds(*store), (Ids{1, 3}));
  ASSERT_OK(store->Discard(savepoint));
  EXPECT_EQ(Paths(), (Strings{"chk-3/_metadata", "chk-3/own", "shared/3-new"}));
  EXPECT_CODE(store->Discard(savepoint), kNotFound);
  EXPECT_CODE(store->Discard(2), kNotFound);
}

TEST_F(CheckpointStoreTest, AbortRemovesWhatWasWrittenAndNothingThatIsConfirmed) {
  const auto store = OpenStore(storage_);
  TakeCheckpoint(*store);
  const Strings before = Paths();
  const uint64_t id = store->Begin();
  Store("chk-2/a");
  Store("shared/2-b");
  Store("savepoint-2/c");
  ASSERT_OK_AND_ASSIGN(const auto half, storage_->Create("shared/2-half"));
  ASSERT_OK(store->Abort(id));
  EXPECT_EQ(Paths(), before);
  EXPECT_CODE(store->Abort(id), kFailedPrecondition);
  EXPECT_CODE(store->Abort(1), kFailedPrecondition) << "it is complete";
  EXPECT_CODE(store->Abort(77), kFailedPrecondition);
}

TEST_F(CheckpointStoreTest, AnAbortedCheckpointsFilesStayWhenAConfirmedOneRefersToThem) {
  const auto store = OpenStore(storage_);
  const uint64_t aborted = store->Begin();
  const StoredFile shared = Store("shared/1-x");
  const uint64_t confirmed = store->Begin();
  ASSERT_OK(store->Complete(confirmed, kIncremental, {HandleOf(confirmed, kIncremental, {shared})}));
  ASSERT_OK(store->Abort(aborted));
  EXPECT_OK(VerifyCheckpoint(*storage_, *store->Latest()));
}

TEST_F(CheckpointStoreTest, WhatARunningCheckpointMayBuildOnStaysUntilItEnds) {
  const auto store = OpenStore(storage_);
  TakeCheckpoint(*store);
  const StoredFile base = NewFileOfLatest(*store);
  const uint64_t slow = store->Begin();
  const uint64_t other = store->Begin();
  TakeCheckpoint(*store);
  EXPECT_EQ(CompletedIds(*store), Ids{4}) << "1 is subsumed";
  EXPECT_CODE(ReadCheckpointMetadata(*storage_, "chk-1"), kNotFound);
  ASSERT_OK_AND_ASSIGN(const Strings orphans, store->RemoveOrphans());
  EXPECT_EQ(orphans, Strings{}) << "it is none";
  ASSERT_OK(TryCheckpoint(*store, other, {base}));
  ASSERT_OK(store->Abort(slow));
  EXPECT_EQ(Paths(), (Strings{"chk-4/_metadata", "chk-4/own", "shared/4-new"}))
      << "3 was complete, though older than 4, and subsumed; then nobody could need the base";
}

TEST_F(CheckpointStoreTest, HandlesMustBeOfOneJobAndOfThisCheckpoint) {
  const auto store = OpenStore(storage_);
  const uint64_t id = store->Begin();
  const StoredFile file = Store("chk-1/a");
  KeyedStateHandle low = HandleOf(id, kFull, {file});
  low.key_groups = {0, 63};
  KeyedStateHandle high = HandleOf(id, kFull, {});
  high.key_groups = {64, 127};
  const auto refused = [&](const KeyedStateHandle& other, std::string_view why) {
    const Status status = store->Complete(id, kFull, {low, other});
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_MENTIONS(status, "checkpoint 1");
    EXPECT_MENTIONS(status, why);
  };
  KeyedStateHandle other = high;
  other.key_groups.first = 63;
  refused(other, "0..63 and 63..127");
  other = high;
  other.max_parallelism = 256;
  refused(other, "max parallelism");
  other = high;
  other.key_serializer.type_id = "string";
  refused(other, "'int64' and 'string'");
  other = high;
  other.checkpoint_id = 2;
  refused(other, "checkpoint 2");
  other = high;
  other.kind = kSavepoint;
  refused(other, "savepoint");
  other = high;
  other.key_groups.last = 128;
  refused(other, "128");
  other = HandleOf(id, kFull, {Store("elsewhere/a")});
  other.key_groups = {64, 127};
  refused(other, "'elsewhere/a'");
  ASSERT_OK(store->Complete(id, kFull, {high, low})) << "none of that ended it";
}

TEST_F(CheckpointStoreTest, EveryFileMustBeThere) {
  const auto store = OpenStore(storage_);
  const uint64_t id = store->Begin();
  StoredFile file = Store("chk-1/a");
  const StoredFile gone = Store("shared/1-b");
  ASSERT_OK(storage_->Remove(gone.path));
  const Status missing = store->Complete(id, kFull, {HandleOf(id, kFull, {file, gone})});
  EXPECT_CODE(missing, kDataLoss);
  EXPECT_MENTIONS(missing, "'shared/1-b' is missing");
  ++file.bytes;
  const Status shorter = store->Complete(id, kFull, {HandleOf(id, kFull, {file})});
  EXPECT_CODE(shorter, kDataLoss);
  EXPECT_MENTIONS(shorter, "'chk-1/a' has 16 bytes, not the 17");
  EXPECT_CODE(ReadCheckpointMetadata(*storage_, "chk-1"), kNotFound);
}

TEST_F(CheckpointStoreTest, RemoveOrphansLeavesForeignAndRunningFiles) {
  const auto store = OpenStore(storage_);
  TakeCheckpoint(*store);
  const uint64_t running = store->Begin();
  Store("chk-2/running");
  Store("shared/2-running");
  const Strings kept = Paths();
  const Strings foreign{"notes", "chk-x/a", "chk-01/a", "shared/readme", "shared/x-1", "backup/chk-1/_metadata"};
  for (const std::string& path : foreign) Store(path);
  const Strings orphans{"chk-1/extra",   "chk-9/a",      "savepoint-1/_metadata",
                        "savepoint-7/a", "shared/1-old", "shared/9-a"};
  for (const std::string& path : orphans) Store(path);
  ASSERT_OK_AND_ASSIGN(const Strings removed, store->RemoveOrphans());
  EXPECT_EQ(removed, orphans);
  for (const std::string& path : foreign) EXPECT_OK(storage_->Remove(path));
  EXPECT_EQ(Paths(), kept);
  ASSERT_OK(store->Abort(running));
}

TEST_F(CheckpointStoreTest, VerificationNamesTheFirstBadFile) {
  const auto store = OpenStore(storage_);
  TakeCheckpoint(*store);
  ASSERT_OK_AND_ASSIGN(const CheckpointMetadata latest, store->Latest());
  ASSERT_OK(VerifyCheckpoint(*storage_, latest));
  ASSERT_OK(storage_->Publish("chk-1/own", "Bytes of chk-1/own"));
  EXPECT_CODE(VerifyCheckpoint(*storage_, latest), kDataLoss);
  EXPECT_MENTIONS(VerifyCheckpoint(*storage_, latest), "'chk-1/own'");
  ASSERT_OK(storage_->Remove("shared/1-new"));
  EXPECT_MENTIONS(VerifyCheckpoint(*storage_, latest),
                  "'shared/1-new' in " + std::string(storage_->location()) + " is missing");
}

}  // namespace
}  // namespace kvstate

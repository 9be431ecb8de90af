#include "kvstate/checkpoint_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/checkpoint/checkpoint_store_testing.h"

namespace kvstate {
namespace {

using testing_support::CompletedIds;
using testing_support::HandleOf;
using testing_support::OpenStore;
using testing_support::PathsIn;
using testing_support::StoreFile;
using testing_support::Strings;
using Ids = std::vector<uint64_t>;

constexpr SnapshotKind kFull = SnapshotKind::kFullCheckpoint;
constexpr SnapshotKind kIncremental = SnapshotKind::kIncrementalCheckpoint;
constexpr SnapshotKind kSavepoint = SnapshotKind::kSavepoint;

class CheckpointStoreTest : public testing::Test {
 protected:
  StoredFile Store(const std::string& path) const { return StoreFile(*storage_, path); }
  Strings Paths() const { return PathsIn(*storage_); }

  /// A checkpoint with a file of its own, a new shared file, and shared ones that were there.
  uint64_t TakeCheckpoint(CheckpointStore& store, std::vector<StoredFile> reused = {}) {
    const uint64_t id = store.Begin();
    const std::string name = std::to_string(id);
    std::vector<StoredFile> files = std::move(reused);
    files.push_back(Store("shared/" + name + "-new"));
    files.push_back(Store("chk-" + name + "/own"));
    EXPECT_OK(store.Complete(id, kIncremental, {HandleOf(id, kIncremental, files)}));
    return id;
  }
  uint64_t TakeSavepoint(CheckpointStore& store) {
    const uint64_t id = store.Begin();
    const StoredFile file = Store("savepoint-" + std::to_string(id) + "/stream");
    EXPECT_OK(store.Complete(id, kSavepoint, {HandleOf(id, kSavepoint, {file})}));
    return id;
  }
  static StoredFile NewFileOf(const CheckpointMetadata& metadata) {
    for (const SnapshotFile& file : metadata.handles.at(0).files) {
      if (file.file.path.starts_with("shared/" + std::to_string(metadata.checkpoint_id))) return file.file;
    }
    ADD_FAILURE() << "it has no new file";
    return {};
  }

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
  const StoredFile first = NewFileOf(*store->Latest());
  TakeCheckpoint(*store, {first});
  const StoredFile second = NewFileOf(*store->Latest());
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

}  // namespace
}  // namespace kvstate

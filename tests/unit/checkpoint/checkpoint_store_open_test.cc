#include <gtest/gtest.h>

#include <string>

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
using Ids = std::vector<uint64_t>;

/// What a CheckpointStore finds where another was before.
class CheckpointStoreOpenTest : public testing::Test {
 protected:
  std::string Metadata(const std::string& folder) const {
    const auto reader = storage_->Open(folder + "/_metadata");
    EXPECT_OK(reader);
    std::string bytes;
    if (reader.ok() && !(*reader)->Read(0, (*reader)->size(), &bytes).ok()) ADD_FAILURE() << "it cannot be read";
    return bytes;
  }
  /// Refused with DATA_LOSS, naming `what`, and nothing is touched.
  void ExpectRefused(std::string_view what) const {
    const Strings before = PathsIn(*storage_);
    const Status status = CheckpointStore::Open(storage_, {}).status();
    EXPECT_CODE(status, kDataLoss);
    EXPECT_MENTIONS(status, what);
    EXPECT_EQ(PathsIn(*storage_), before);
  }

  std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 20);
};

TEST_F(CheckpointStoreOpenTest, GoesOnWithWhatIsThere) {
  std::vector<CheckpointMetadata> before;
  StoredFile shared;
  {
    const auto store = OpenStore(storage_, 2);
    TakeCheckpoint(*store);
    shared = NewFileOfLatest(*store);
    TakeSavepoint(*store);
    TakeCheckpoint(*store, {shared});
    before = store->Completed();
  }
  const auto store = OpenStore(storage_, 2);
  EXPECT_EQ(store->Completed(), before);
  EXPECT_EQ(TakeCheckpoint(*store, {shared}), 4u);
  EXPECT_EQ(CompletedIds(*store), (Ids{2, 3, 4})) << "1 is subsumed, by a store that did not write it";
  EXPECT_EQ(PathsIn(*storage_),
            (Strings{"chk-3/_metadata", "chk-3/own", "chk-4/_metadata", "chk-4/own", "savepoint-2/_metadata",
                     "savepoint-2/stream", "shared/1-new", "shared/3-new", "shared/4-new"}));
  for (const CheckpointMetadata& metadata : store->Completed()) EXPECT_OK(VerifyCheckpoint(*storage_, metadata));
}

TEST_F(CheckpointStoreOpenTest, RemovesWhatAKilledProcessLeft) {
  {
    const auto store = OpenStore(storage_);
    TakeCheckpoint(*store);
    store->Begin();
    StoreFile(*storage_, "chk-2/a");
    StoreFile(*storage_, "chk-2/.publishing-17-0");
    StoreFile(*storage_, "shared/2-b");
    StoreFile(*storage_, "mine");
  }
  const auto store = OpenStore(storage_);
  EXPECT_EQ(PathsIn(*storage_), (Strings{"chk-1/_metadata", "chk-1/own", "mine", "shared/1-new"}));
}

TEST_F(CheckpointStoreOpenTest, GivesNoIdTwice) {
  {
    const auto store = OpenStore(storage_);
    EXPECT_EQ(TakeCheckpoint(*store), 1u);
    EXPECT_EQ(TakeSavepoint(*store), 2u);
    ASSERT_OK(store->Discard(2));
    ASSERT_OK(store->Discard(1));
    EXPECT_EQ(PathsIn(*storage_), Strings{});
    EXPECT_EQ(store->Begin(), 3u) << "everything was discarded";
    ASSERT_OK(store->Abort(3));
    EXPECT_EQ(store->Begin(), 4u);
    StoreFile(*storage_, "shared/4-orphan");
  }
  EXPECT_EQ(OpenStore(storage_)->Begin(), 5u) << "an orphan's name counts";
  StoreFile(*storage_, "savepoint-12/a");
  EXPECT_EQ(OpenStore(storage_)->Begin(), 13u);
}

TEST_F(CheckpointStoreOpenTest, BeginsWithTheFirstIdUnlessHigherOnesWereGiven) {
  CheckpointStoreOptions options;
  options.first_id = 51;
  {
    ASSERT_OK_AND_ASSIGN(const auto store, CheckpointStore::Open(storage_, options));
    EXPECT_EQ(TakeCheckpoint(*store), 51u);
  }
  options.first_id = 7;
  ASSERT_OK_AND_ASSIGN(const auto store, CheckpointStore::Open(storage_, options));
  EXPECT_EQ(store->Begin(), 52u);
}

TEST_F(CheckpointStoreOpenTest, DamagedMetadataAreAnErrorAndNothingIsRemoved) {
  TakeCheckpoint(*OpenStore(storage_));
  StoreFile(*storage_, "chk-9/orphan");
  const std::string intact = Metadata("chk-1");
  for (const std::string& damaged : {intact.substr(0, intact.size() - 1), intact + "x", std::string()}) {
    ASSERT_OK(storage_->Publish("chk-1/_metadata", damaged));
    ExpectRefused("'chk-1/_metadata' in memory");
  }
  ASSERT_OK(storage_->Publish("chk-1/_metadata", intact));
  EXPECT_EQ(CompletedIds(*OpenStore(storage_)), Ids{1});
}

TEST_F(CheckpointStoreOpenTest, MetadataOfANewerLibraryAreLeftToIt) {
  TakeCheckpoint(*OpenStore(storage_));
  // Sealed by hand: version 3, without a payload.
  const std::string newer("KVSTMETA\0\0\0\3\xb2\xb2\xeb\x4b\x91\xc8\xfc\x14", 20);
  ASSERT_OK(storage_->Publish("chk-1/_metadata", newer));
  const Status status = CheckpointStore::Open(storage_, {}).status();
  EXPECT_CODE(status, kUnimplemented);
  EXPECT_MENTIONS(status, "chk-1/_metadata");
  EXPECT_MENTIONS(status, "version 3");
}

TEST_F(CheckpointStoreOpenTest, MetadataOfAnotherCheckpointAreRefused) {
  {
    const auto store = OpenStore(storage_, 2);
    TakeCheckpoint(*store);
    TakeCheckpoint(*store);
  }
  const std::string older = Metadata("chk-1");
  ASSERT_OK(storage_->Publish("chk-2/_metadata", older));
  ExpectRefused("those of 'chk-1'");
  ASSERT_OK(storage_->Remove("chk-2/_metadata"));
  ASSERT_OK(storage_->Publish("savepoint-2/_metadata", older));
  ExpectRefused("those of 'chk-1'");
}

TEST_F(CheckpointStoreOpenTest, AnIdIsOneCheckpointOnly) {
  TakeCheckpoint(*OpenStore(storage_));
  ASSERT_OK(storage_->Publish("savepoint-1/_metadata", EncodeCheckpointMetadata({1, SnapshotKind::kSavepoint, 0, {}})));
  ExpectRefused("is there both");
}

TEST_F(CheckpointStoreOpenTest, OneStoreHasAStorageAtATime) {
  auto first = OpenStore(storage_);
  const uint64_t running = first->Begin();
  StoreFile(*storage_, "chk-1/a");
  EXPECT_CODE(CheckpointStore::Open(storage_, {}), kFailedPrecondition);
  EXPECT_EQ(PathsIn(*storage_), Strings{"chk-1/a"}) << "what runs there is no orphan";
  ASSERT_OK(first->Abort(running));
  first.reset();
  EXPECT_NE(OpenStore(storage_), nullptr);
}

TEST_F(CheckpointStoreOpenTest, OptionsThatMakeNoSenseAreRefused) {
  CheckpointStoreOptions options;
  options.retained = 0;
  EXPECT_CODE(CheckpointStore::Open(storage_, options), kInvalidArgument);
  options = {};
  options.first_id = 0;
  EXPECT_CODE(CheckpointStore::Open(storage_, options), kInvalidArgument);
  EXPECT_CODE(CheckpointStore::Open(nullptr, {}), kInvalidArgument);
}

}  // namespace
}  // namespace kvstate

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "backends/checkpoint/stored_file.h"
#include "kvstate/extension.h"
#include "tests/support/failing_storage.h"
#include "tests/unit/checkpoint/checkpoint_store_testing.h"
#include "tests/unit/checkpoint/scratch_directory.h"

namespace kvstate {
namespace {

using testing_support::FailingStorage;
using testing_support::FailurePlan;
using testing_support::HandleOf;
using testing_support::OpenStore;
using testing_support::PathsIn;
using testing_support::ScratchDirectory;
using testing_support::StoreFile;
using testing_support::Strings;

class LocalRecoveryTest : public testing::Test {
 protected:
  std::string Load(const StoredFile& file) const {
    auto reader = backends::OpenVerified(*storage_, file, nullptr);
    EXPECT_OK(reader);
    std::string bytes;
    if (!reader.ok()) return "";
    EXPECT_OK((*reader)->Read(0, (*reader)->size(), &bytes));
    return bytes;
  }
  /// The one message since the last call.
  std::string TheMessage() {
    EXPECT_EQ(log_.size(), 1u);
    std::string message = log_.empty() ? "" : log_.back();
    log_.clear();
    return message;
  }
  void ExpectMessage(std::string_view text) {
    const std::string message = TheMessage();
    EXPECT_NE(message.find(text), std::string::npos) << message;
  }
  void FailAllOf(FailingStorage& storage) {
    FailurePlan plan;
    plan.fail_at = 1;
    plan.from_then_on = true;
    storage.Arm(plan);
  }

  ScratchDirectory scratch_;
  Strings log_;
  std::shared_ptr<FailingStorage> durable_ = std::make_shared<FailingStorage>(MakeMemoryStorage(1 << 20));
  std::shared_ptr<FailingStorage> near_ = std::make_shared<FailingStorage>(MakeMemoryStorage(1 << 20));
  std::shared_ptr<CheckpointStorage> storage_ =
      MakeLocalRecoveryStorage(durable_, near_, [this](std::string_view message) { log_.emplace_back(message); });
};

TEST_F(LocalRecoveryTest, KeepsTwoCopiesOfEverythingAndRemovesBoth) {
  StoreFile(*storage_, "chk-1/a");
  ASSERT_OK(storage_->Publish("chk-1/_metadata", "m"));
  for (CheckpointStorage* copy :
       {static_cast<CheckpointStorage*>(durable_.get()), static_cast<CheckpointStorage*>(near_.get())}) {
    EXPECT_EQ(PathsIn(*copy), (Strings{"chk-1/_metadata", "chk-1/a"}));
  }
  ASSERT_OK(storage_->Remove("chk-1/a"));
  ASSERT_OK(storage_->Remove("chk-1/_metadata"));
  EXPECT_EQ(PathsIn(*durable_), Strings{});
  EXPECT_EQ(PathsIn(*near_), Strings{});
  EXPECT_EQ(log_, Strings{});
}

TEST_F(LocalRecoveryTest, ReadsTheNearCopyAloneWhenItIsIntact) {
  const StoredFile file = StoreFile(*storage_, "chk-1/a");
  durable_->Arm({});
  EXPECT_EQ(Load(file), "bytes of chk-1/a");
  ASSERT_OK(backends::FetchVerified(*storage_, file, scratch_.File("fetched"), nullptr));
  EXPECT_EQ(scratch_.Read("fetched"), "bytes of chk-1/a");
  EXPECT_EQ(durable_->operations(), 0u);
  EXPECT_EQ(log_, Strings{});
}

TEST_F(LocalRecoveryTest, ReadsTheDurableOneWhenTheNearCopyIsNot) {
  const StoredFile file = StoreFile(*storage_, "chk-1/a");
  ASSERT_OK(near_->Publish("chk-1/a", "bytes of chk-1/b"));
  EXPECT_EQ(Load(file), "bytes of chk-1/a");
  ExpectMessage("damaged");
  ASSERT_OK(near_->Publish("chk-1/a", "short"));
  ASSERT_OK(backends::FetchVerified(*storage_, file, scratch_.File("1"), nullptr));
  EXPECT_EQ(scratch_.Read("1"), "bytes of chk-1/a");
  ExpectMessage("5 bytes");
  ASSERT_OK(near_->Remove("chk-1/a"));
  EXPECT_EQ(Load(file), "bytes of chk-1/a");
  ExpectMessage("missing");
  FailAllOf(*near_);
  ASSERT_OK(backends::FetchVerified(*storage_, file, scratch_.File("2"), nullptr));
  EXPECT_EQ(scratch_.Read("2"), "bytes of chk-1/a");
  ExpectMessage("'chk-1/a'");
}

TEST_F(LocalRecoveryTest, WhenBothAreDamagedTheDurableOneIsTheError) {
  const StoredFile file = StoreFile(*storage_, "chk-1/a");
  ASSERT_OK(near_->Remove("chk-1/a"));
  ASSERT_OK(durable_->Publish("chk-1/a", "x"));
  EXPECT_CODE(backends::OpenVerified(*storage_, file, nullptr), kDataLoss);
  EXPECT_MENTIONS(backends::OpenVerified(*storage_, file, nullptr).status(), "1 bytes");
  EXPECT_CODE(backends::FetchVerified(*storage_, file, scratch_.File("f"), nullptr), kDataLoss);
  EXPECT_FALSE(scratch_.Has("f"));
}

TEST_F(LocalRecoveryTest, APlaceThatCannotBeWrittenIsNotTheNearCopysFault) {
  const StoredFile file = StoreFile(*storage_, "chk-1/a");
  scratch_.Write("fetched", "mine");
  EXPECT_CODE(backends::FetchVerified(*storage_, file, scratch_.File("fetched"), nullptr), kAlreadyExists);
  EXPECT_EQ(log_, Strings{});
}

TEST_F(LocalRecoveryTest, NoFailureOfNearFailsAnything) {
  for (const bool from_then_on : {false, true}) {
    uint64_t n = 0;
    for (bool failed = true; failed;) {
      FailurePlan plan;
      plan.fail_at = ++n;
      plan.from_then_on = from_then_on;
      plan.half_append = n % 2 == 0;
      near_->Arm(plan);
      log_.clear();
      const StoredFile file = StoreFile(*storage_, "chk-1/a");
      EXPECT_OK(storage_->Publish("chk-1/_metadata", "m"));
      EXPECT_EQ(Load(file), "bytes of chk-1/a");
      EXPECT_OK(storage_->Remove("chk-1/a"));
      EXPECT_OK(storage_->Remove("chk-1/_metadata"));
      EXPECT_EQ(PathsIn(*durable_), Strings{});
      failed = near_->failed();
      EXPECT_EQ(failed, !log_.empty()) << "each is logged";
      near_->Disarm();
      for (const std::string& left : PathsIn(*near_)) ASSERT_OK(near_->Remove(left));
    }
    EXPECT_EQ(n, 10u) << "create, append, close, publish, open, twice read, twice remove, and none";
  }
}

TEST_F(LocalRecoveryTest, ANearFileThatIsInTheWayIsReplaced) {
  StoreFile(*near_, "chk-1/a");
  ASSERT_OK(near_->Publish("chk-1/a", "left by an earlier life"));
  const StoredFile file = StoreFile(*storage_, "chk-1/a");
  EXPECT_OK(backends::OpenVerified(*near_, file, nullptr));
  EXPECT_EQ(log_, Strings{});
  EXPECT_CODE(storage_->Create("chk-1/a"), kAlreadyExists) << "the durable one is not";
}

TEST_F(LocalRecoveryTest, AStoreLeavesNothingInEither) {
  const SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  auto store = OpenStore(storage_);
  for (int round = 0; round < 2; ++round) {
    const uint64_t id = store->Begin();
    const StoredFile file = StoreFile(*storage_, "chk-" + std::to_string(id) + "/a");
    if (round == 1) FailAllOf(*near_);
    ASSERT_OK(store->Complete(id, kind, {HandleOf(id, kind, {file})}));
    near_->Disarm();
  }
  EXPECT_EQ(PathsIn(*durable_), (Strings{"chk-2/_metadata", "chk-2/a"}));
  EXPECT_EQ(PathsIn(*near_), (Strings{"chk-1/_metadata", "chk-1/a", "chk-2/a"})) << "these could not be removed";
  ASSERT_OK_AND_ASSIGN(const Strings removed, store->RemoveOrphans());
  EXPECT_EQ(removed, (Strings{"chk-1/_metadata", "chk-1/a"}));
  EXPECT_EQ(PathsIn(*near_), Strings{"chk-2/a"});
  store.reset();
  StoreFile(*near_, "chk-9/left");
  store = OpenStore(storage_);
  EXPECT_EQ(PathsIn(*near_), Strings{"chk-2/a"});
  EXPECT_EQ(store->Begin(), 10u);
}

TEST_F(LocalRecoveryTest, VerificationReadsTheDurableFiles) {
  const StoredFile file = StoreFile(*storage_, "chk-1/a");
  CheckpointMetadata metadata{
      1, SnapshotKind::kFullCheckpoint, 0, {HandleOf(1, SnapshotKind::kFullCheckpoint, {file})}};
  ASSERT_OK(near_->Remove("chk-1/a"));
  EXPECT_OK(VerifyCheckpoint(*storage_, metadata));
  EXPECT_EQ(log_, Strings{});
  ASSERT_OK(near_->Publish("chk-1/a", "bytes of chk-1/a"));
  ASSERT_OK(durable_->Publish("chk-1/a", "bytes of chk-1/b"));
  EXPECT_CODE(VerifyCheckpoint(*storage_, metadata), kDataLoss);
}

TEST_F(LocalRecoveryTest, NeedsNoLog) {
  const auto silent = MakeLocalRecoveryStorage(durable_, near_, nullptr);
  FailAllOf(*near_);
  const StoredFile file = StoreFile(*silent, "chk-1/a");
  EXPECT_OK(silent->Publish("chk-1/b", "x"));
  EXPECT_OK(backends::OpenVerified(*silent, file, nullptr));
  EXPECT_OK(silent->Remove("chk-1/a"));
}

}  // namespace
}  // namespace kvstate

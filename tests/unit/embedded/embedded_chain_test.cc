#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/delta_chain.h"
#include "kvstate/backends.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

constexpr SnapshotKind kFull = SnapshotKind::kFullCheckpoint;
constexpr SnapshotKind kIncremental = SnapshotKind::kIncrementalCheckpoint;

/// Checkpoints of an engine without files of its own, as chains of streams. Keys are numbers below 1000.
class EmbeddedChainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "kvstate-chain-XXXXXX").string();
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    directory_ = made;
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    storage_ = MakeMemoryStorage(uint64_t{1} << 30);
    backend_ = New();
  }
  void TearDown() override {
    backend_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::unique_ptr<KeyedBackend<int64_t>> New() {
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.key_groups = {0, options.max_parallelism - 1};
    options.directory = (directory_ / std::to_string(++backends_made_)).string();
    options.engine["map_bytes"] = std::to_string(1 << 20);
    auto made = registry_.Create("lmdb", options);
    EXPECT_OK(made);
    return std::make_unique<KeyedBackend<int64_t>>(std::move(made).value());
  }
  static Snapshots& SnapshotsOf(KeyedBackend<int64_t>& backend) {
    return *static_cast<Snapshots*>(backend.backend().GetExtension(Snapshots::kExtensionId));
  }

  void Put(const std::string& state, int64_t key, const std::string& value) {
    auto of_name = backend_->GetState(ValueStateDescriptor<std::string>(state));
    ASSERT_OK(of_name);
    ASSERT_OK(backend_->SetCurrentKey(key));
    ASSERT_OK(of_name->Update(value));
    expected_[state][key] = value;
  }
  void Clear(const std::string& state, int64_t key) {
    auto of_name = backend_->GetState(ValueStateDescriptor<std::string>(state));
    ASSERT_OK(of_name);
    ASSERT_OK(backend_->SetCurrentKey(key));
    ASSERT_OK(of_name->Clear());
    expected_[state].erase(key);
  }
  void Fill(const std::string& state) {
    for (int64_t key = 0; key < 1000; ++key) Put(state, key, "value " + std::to_string(key));
  }
  void Remove(const std::string& state) {
    ASSERT_OK(backend_->backend().RemoveState(state));
    expected_.erase(state);
  }

  /// A checkpoint that is confirmed.
  SnapshotResult Take(SnapshotKind kind, bool confirm = true) {
    SnapshotOptions options;
    options.kind = kind;
    auto task = SnapshotsOf(*backend_).Snapshot(++last_id_, storage_, options);
    EXPECT_OK(task);
    auto result = (*task)->Run();
    EXPECT_OK(result);
    if (confirm) {
      EXPECT_OK(SnapshotsOf(*backend_).NotifyComplete(last_id_));
    }
    return std::move(result).value();
  }
  /// What streams the checkpoint has: "w" a whole one, "c" one of changes.
  static std::string ShapeOf(const SnapshotResult& checkpoint) {
    std::string shape;
    for (const SnapshotFile& file : checkpoint.handle.files) {
      EXPECT_TRUE(file.shared);
      shape.push_back(file.name.front());
    }
    return shape;
  }
  void ExpectRestores(const SnapshotResult& checkpoint) {
    const auto restored = New();
    ASSERT_OK(SnapshotsOf(*restored).Restore(std::span(&checkpoint.handle, 1), storage_, {}));
    ASSERT_EQ(checkpoint.handle.states.size(), expected_.size());
    uint64_t entries = 0;
    for (const auto& [name, values] : expected_) {
      auto state = restored->GetState(ValueStateDescriptor<std::string>(name));
      ASSERT_OK(state);
      entries += values.size();
      for (const auto& [key, value] : values) {
        ASSERT_OK(restored->SetCurrentKey(key));
        const auto read = state->Get();
        ASSERT_OK(read);
        ASSERT_NE(*read, nullptr) << name << " " << key;
        ASSERT_EQ(**read, value) << name << " " << key;
      }
    }
    EXPECT_EQ(*restored->backend().NumEntries(), entries);
  }

  std::filesystem::path directory_;
  BackendRegistry registry_;
  std::shared_ptr<CheckpointStorage> storage_;
  std::unique_ptr<KeyedBackend<int64_t>> backend_;
  std::map<std::string, std::map<int64_t, std::string>> expected_;
  uint64_t last_id_ = 0;
  int backends_made_ = 0;
};

TEST_F(EmbeddedChainTest, IncrementsAreAppendedWithNothingButTheirChanges) {
  Fill("a");
  EXPECT_EQ(ShapeOf(Take(kIncremental)), "w");
  for (int64_t key = 0; key < 10; ++key) Put("a", key, "changed");
  Put("a", 5, "changed twice");
  Clear("a", 990);
  const SnapshotResult second = Take(kIncremental);
  EXPECT_EQ(ShapeOf(second), "wc");
  EXPECT_EQ(second.figures.entries_written, 11u);
  EXPECT_EQ(second.figures.files_reused, 1u);
  ExpectRestores(second);
  const SnapshotResult third = Take(kIncremental);
  EXPECT_EQ(ShapeOf(third), "wcc");
  EXPECT_EQ(third.figures.entries_written, 0u);
  ExpectRestores(third);
}

TEST_F(EmbeddedChainTest, ChangesOfAnAbortedOneGoOnToTheNext) {
  Fill("a");
  Take(kIncremental);
  Put("a", 1, "lost");
  Put("a", 2, "kept");
  Take(kIncremental, /*confirm=*/false);
  ASSERT_OK(SnapshotsOf(*backend_).NotifyAborted(last_id_));
  Put("a", 1, "newer");
  const SnapshotResult third = Take(kIncremental);
  EXPECT_EQ(ShapeOf(third), "wc");
  EXPECT_EQ(third.figures.entries_written, 2u);
  ExpectRestores(third);
}

TEST_F(EmbeddedChainTest, SmallChangesOfTheSameKeysAreFoldedAndTheWholeStreamStays) {
  Fill("a");
  const SnapshotResult first = Take(kIncremental);
  size_t longest = 0;
  int folds = 0;
  for (int round = 0; round < 400; ++round) {
    for (int64_t key = 0; key < 6; ++key) Put("a", key, "round " + std::to_string(round));
    // Each is gone for a while, some across a fold.
    Clear("a", 500 + round);
    if (round >= 160) Put("a", 500 + round - 160, "back");
    const SnapshotResult checkpoint = Take(kIncremental);
    EXPECT_EQ(checkpoint.handle.files.front(), first.handle.files.front()) << round;
    folds += checkpoint.handle.files.size() == 2 ? 1 : 0;
    longest = std::max(longest, checkpoint.handle.files.size());
    if (round % 31 == 0) ExpectRestores(checkpoint);
  }
  EXPECT_EQ(longest, PendingChain::kMostStreams);
  EXPECT_EQ(folds, 4) << "the first increment, and then one in 127";
}

TEST_F(EmbeddedChainTest, ManyChangesMakeANewWholeStream) {
  Fill("a");
  Take(kIncremental);
  std::string shapes;
  for (int round = 0; round < 6; ++round) {
    for (int64_t key = 0; key < 1000; ++key) {
      if (key % 10 < 6) Put("a", key, "round " + std::to_string(round));
    }
    const SnapshotResult checkpoint = Take(kIncremental);
    shapes.append(ShapeOf(checkpoint)).append(" ");
    ExpectRestores(checkpoint);
  }
  EXPECT_EQ(shapes, "wc wcc wccc wcccc w wc ");
}

TEST_F(EmbeddedChainTest, AStateThatIsMadeAgainHasNothingOfTheOld) {
  Fill("a");
  Fill("b");
  Take(kIncremental);
  Remove("a");
  Put("a", 3, "new");
  const SnapshotResult again = Take(kIncremental);
  EXPECT_EQ(ShapeOf(again), "w");
  ExpectRestores(again);
  Remove("a");
  const SnapshotResult without = Take(kIncremental);
  EXPECT_EQ(ShapeOf(without), "wc");
  ExpectRestores(without);
  Put("a", 4, "newer");
  const SnapshotResult last = Take(kIncremental);
  EXPECT_EQ(ShapeOf(last), "wcc");
  ExpectRestores(last);
}

TEST_F(EmbeddedChainTest, AFoldDoesNotBringARemovedStateBack) {
  Fill("a");
  Fill("b");
  Take(kIncremental);
  Remove("a");
  Take(kIncremental);
  Put("a", 3, "new");
  SnapshotResult checkpoint = Take(kIncremental);
  for (size_t i = 3; i <= PendingChain::kMostStreams; ++i) {
    Put("b", 1, std::to_string(i));
    checkpoint = Take(kIncremental);
  }
  EXPECT_EQ(ShapeOf(checkpoint), "w") << "changes since the whole stream cannot say that state a is another";
  ExpectRestores(checkpoint);
}

TEST_F(EmbeddedChainTest, AFullCheckpointIsABaseUntilAnotherFollowsIt) {
  Fill("a");
  EXPECT_EQ(ShapeOf(Take(kFull)), "w");
  Put("a", 1, "changed");
  EXPECT_EQ(ShapeOf(Take(kIncremental)), "wc");
  EXPECT_EQ(ShapeOf(Take(kFull)), "w");
  EXPECT_EQ(ShapeOf(Take(kFull)), "w");
  Put("a", 2, "changed");
  const SnapshotResult whole = Take(kIncremental);
  EXPECT_EQ(ShapeOf(whole), "w") << "who takes full ones alone does not pay for noting changes";
  Put("a", 3, "changed");
  const SnapshotResult last = Take(kIncremental);
  EXPECT_EQ(ShapeOf(last), "wc");
  ExpectRestores(last);
}

TEST_F(EmbeddedChainTest, SeveralInFlightBuildOnWhatWasConfirmedWhenTheyBegan) {
  Fill("a");
  Take(kIncremental);
  Put("a", 1, "first");
  const SnapshotResult second = Take(kIncremental, /*confirm=*/false);
  Put("a", 2, "second");
  const SnapshotResult third = Take(kIncremental, /*confirm=*/false);
  EXPECT_EQ(ShapeOf(third), "wc");
  EXPECT_EQ(third.figures.entries_written, 2u);
  ASSERT_OK(SnapshotsOf(*backend_).NotifyComplete(2));
  ExpectRestores(third);
  ASSERT_OK(SnapshotsOf(*backend_).NotifyComplete(3));
  Put("a", 3, "third");
  const SnapshotResult last = Take(kIncremental);
  EXPECT_EQ(last.figures.entries_written, 1u);
  EXPECT_EQ(last.handle.files[1], third.handle.files[1]);
  ExpectRestores(last);
}

}  // namespace
}  // namespace kvstate::backends

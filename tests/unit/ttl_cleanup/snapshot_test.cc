#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/ttl_cleanup/cleanup_testing.h"

namespace kvstate {
namespace {

class CleanupSnapshotTest : public TtlCleanupTest {
 protected:
  CleanupSnapshotTest() { ttl_.cleanup.incremental_entries = 0; }

  /// Keys that are there, at a time when nothing has expired.
  std::vector<int64_t> KeysOf(const SnapshotResult& snapshot) {
    clock_->SetMillis(kStart);
    auto backend = Restore(snapshot);
    auto state = Must(backend.GetState(Value()));
    std::vector<int64_t> keys;
    for (int64_t key = 0; key < 1000; ++key) {
      Must(backend.SetCurrentKey(key));
      if (Must(state.Get()) != nullptr) keys.push_back(key);
    }
    EXPECT_EQ(Stored(backend), keys.size());
    return keys;
  }
  static std::vector<int64_t> Range(int64_t from, int64_t to) {
    std::vector<int64_t> keys;
    for (int64_t key = from; key < to; ++key) keys.push_back(key);
    return keys;
  }
};
KVSTATE_CLEANUP_ON_EVERY_BACKEND(CleanupSnapshotTest);

TEST_P(CleanupSnapshotTest, IncrementsHaveWhatCleanupRemoved) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 300);
  clock_->AdvanceMillis(100);
  Put(backend, state, 300, 600);
  const SnapshotResult before = TakeConfirmed(backend, 1, SnapshotKind::kIncrementalCheckpoint);
  clock_->SetMillis(kStart + kTtl);
  ASSERT_FALSE(Must(SweepOf(backend).Sweep(200)));
  const uint64_t left = Stored(backend);
  const SnapshotResult during = TakeConfirmed(backend, 2, SnapshotKind::kIncrementalCheckpoint);
  SweepAll(backend);
  const SnapshotResult after = TakeConfirmed(backend, 3, SnapshotKind::kIncrementalCheckpoint);
  const SnapshotResult savepoint = TakeConfirmed(backend, 4, SnapshotKind::kSavepoint);
  EXPECT_EQ(KeysOf(before), Range(0, 600));
  EXPECT_EQ(KeysOf(during).size(), left);
  EXPECT_EQ(KeysOf(after), Range(300, 600));
  EXPECT_EQ(KeysOf(savepoint), Range(300, 600));
}

TEST_P(CleanupSnapshotTest, ASnapshotHasWhatWasThereWhenItBegan) {
  for (const SnapshotKind kind :
       {SnapshotKind::kFullCheckpoint, SnapshotKind::kIncrementalCheckpoint, SnapshotKind::kSavepoint}) {
    clock_->SetMillis(kStart);
    auto backend = Open();
    auto state = Must(backend.GetState(Value()));
    Put(backend, state, 0, 600);
    auto task = Begin(backend, 1, kind);
    clock_->SetMillis(kStart + kTtl);
    SweepAll(backend, 50);
    EXPECT_EQ(Stored(backend), 0U);
    EXPECT_EQ(KeysOf(Must(task->Run())), Range(0, 600));
  }
}

TEST_P(CleanupSnapshotTest, SavepointsLeaveOutWhatExpiredWhereThatIsAskedFor) {
  for (const bool filtered : {true, false}) {
    ttl_.cleanup.in_full_snapshots = filtered;
    clock_->SetMillis(kStart);
    auto backend = Open();
    auto state = Must(backend.GetState(Value()));
    auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("list"))));
    auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("map"))));
    Put(backend, state, 0, 300);
    Must(list.Add("old"));
    Must(map.Put(1, "old"));
    clock_->AdvanceMillis(100);
    Put(backend, state, 300, 600);
    Must(backend.SetCurrentKey(299));
    Must(list.Add("new"));
    Must(map.Put(2, "new"));
    clock_->SetMillis(kStart + kTtl);
    auto task = Begin(backend, 1, SnapshotKind::kSavepoint);
    // By the clock as it was when the savepoint began.
    clock_->AdvanceMillis(kTtl);
    const SnapshotResult savepoint = Must(task->Run());
    EXPECT_EQ(Stored(backend), 603U) << "the live state stays";

    clock_->SetMillis(kStart);
    auto restored = Restore(savepoint);
    EXPECT_EQ(Stored(restored), filtered ? 302U : 603U);
    list = Must(restored.GetState(WithTtl(ListStateDescriptor<std::string>("list"))));
    map = Must(restored.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("map"))));
    Must(restored.SetCurrentKey(299));
    EXPECT_EQ(Must(list.Get())->size(), filtered ? 1U : 2U);
    EXPECT_EQ(Must(list.Get())->back(), "new");
    EXPECT_EQ(Must(map.Contains(1)), !filtered);
    EXPECT_TRUE(Must(map.Contains(2)));
  }
}

TEST_P(CleanupSnapshotTest, IncrementsOnAFilteredCheckpointRestoreRight) {
  ttl_.cleanup.in_full_snapshots = true;
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 300);
  clock_->AdvanceMillis(100);
  Put(backend, state, 300, 900);
  clock_->SetMillis(kStart + kTtl);
  TakeConfirmed(backend, 1, SnapshotKind::kFullCheckpoint);
  // Of what the checkpoint left out, some is written again, some cleaned away, and some stays as it is.
  Put(backend, state, 0, 10);
  Must(SweepOf(backend).Sweep(300));
  const SnapshotResult first = TakeConfirmed(backend, 2, SnapshotKind::kIncrementalCheckpoint);
  SweepAll(backend);
  Put(backend, state, 10, 20);
  const SnapshotResult second = TakeConfirmed(backend, 3, SnapshotKind::kIncrementalCheckpoint);
  for (const SnapshotResult& snapshot : {first, second}) {
    clock_->SetMillis(kStart + kTtl);
    auto restored = Restore(snapshot);
    auto values = Must(restored.GetState(Value()));
    const int64_t written = snapshot.handle.checkpoint_id == 2 ? 10 : 20;
    for (int64_t key = 0; key < 900; ++key) {
      Must(restored.SetCurrentKey(key));
      EXPECT_EQ(Must(values.Get()) != nullptr, key < written || key >= 300) << key;
    }
    SweepAll(restored);
    EXPECT_EQ(Stored(restored), static_cast<uint64_t>(written) + 600U);
  }
}

}  // namespace
}  // namespace kvstate

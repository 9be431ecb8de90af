#include <algorithm>
#include <random>
#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

constexpr SnapshotKind kFull = SnapshotKind::kFullCheckpoint;
constexpr SnapshotKind kIncremental = SnapshotKind::kIncrementalCheckpoint;

/// Bytes that nothing compresses.
std::string Noise(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

class SnapshotIncrementTest : public SnapshotTest {
 protected:
  Handles Take(Job& job, uint64_t id, SnapshotKind kind) { return Must(job.Snapshot(id, storage(), OfKind(kind))); }
  Handles TakeConfirmed(Job& job, uint64_t id, SnapshotKind kind) {
    Handles handles = Take(job, id, kind);
    Must(job.NotifyComplete(id));
    return handles;
  }
  using SnapshotTest::Take;
  using SnapshotTest::TakeConfirmed;
};
KVSTATE_ON_EVERY_BACKEND(SnapshotIncrementTest);

TEST_P(SnapshotIncrementTest, AfterAConfirmedCheckpointHasLittleMoreThanTheChanges) {
  for (const SnapshotKind base : {kFull, kIncremental}) {
    SCOPED_TRACE(std::string(SnapshotKindName(base)) + " base");
    auto backend = Open<int64_t>();
    auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
    for (int64_t key = 0; key < 4000; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Update(Noise(100, static_cast<uint64_t>(key))));
    }
    const SnapshotResult first = TakeConfirmed(backend.backend(), 1, base);
    EXPECT_GE(first.figures.bytes_written, 400'000u);
    for (int64_t key = 0; key < 40; ++key) {
      Must(backend.SetCurrentKey(key * 100));
      Must(state.Update(std::string("changed")));
    }
    const SnapshotResult second = Take(backend.backend(), 2, kIncremental);
    EXPECT_LT(second.figures.bytes_written, 100'000u);
    EXPECT_GE(second.figures.bytes_reused, 350'000u);
    EXPECT_GE(second.figures.files_reused, 1u);
    auto restored = OpenRestored<int64_t>({second.handle});
    EXPECT_EQ(Must(restored.backend().NumEntries()), 4000u);
    auto again = Must(restored.GetState(ValueStateDescriptor<std::string>("v")));
    for (int64_t key = 0; key < 4000; ++key) {
      Must(restored.SetCurrentKey(key));
      ASSERT_TRUE(Current(again) == (key % 100 == 0 ? "changed" : Noise(100, static_cast<uint64_t>(key)))) << key;
    }
    RemoveFilesOf(1);
    RemoveFilesOf(2);
  }
}

TEST_P(SnapshotIncrementTest, TheFirstIsFullInSizeAndAFullOneAlways) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
  for (int64_t key = 0; key < 1000; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(Noise(100, static_cast<uint64_t>(key))));
  }
  EXPECT_GE(TakeConfirmed(backend.backend(), 1, kIncremental).figures.bytes_written, 100'000u);
  const SnapshotResult full = TakeConfirmed(backend.backend(), 2, kFull);
  EXPECT_GE(full.figures.bytes_written, 100'000u);
  EXPECT_EQ(full.figures.bytes_reused, 0u);
  EXPECT_EQ(full.figures.files_reused, 0u);
  RemoveFilesOf(1);
  auto restored = OpenRestored<int64_t>({full.handle});
  EXPECT_EQ(Must(restored.backend().NumEntries()), 1000u);
}

TEST_P(SnapshotIncrementTest, DoesNotBuildOnOneThatMerelyRan) {
  Job job = NewJob();
  job.Change(1, 800);
  TakeConfirmed(job, 1, kIncremental);
  job.Change(2, 100);
  Take(job, 2, kIncremental);
  job.Change(3, 100);
  Take(job, 3, kFull);
  job.Change(4, 100);
  const Content content = job.Read();
  const Handles handles = Take(job, 4, kIncremental);
  RemoveFilesOf(2);
  RemoveFilesOf(3);
  ExpectRestores(handles, content);
}

TEST_P(SnapshotIncrementTest, DoesNotBuildOnOneThatWasAborted) {
  Job job = NewJob();
  job.Change(1, 800);
  TakeConfirmed(job, 1, kIncremental);
  for (uint64_t id = 2; id < 5; ++id) {
    job.Change(id, 100);
    Take(job, id, id == 3 ? kFull : kIncremental);
    Must(job.NotifyAborted(id));
    RemoveFilesOf(id);
  }
  const Content content = job.Read();
  ExpectRestores(TakeConfirmed(job, 5, kIncremental), content);
  job.Change(5, 100);
  const Content last = job.Read();
  ExpectRestores(Take(job, 6, kIncremental), last);
}

TEST_P(SnapshotIncrementTest, DoesNotBuildOnOneThatFailedOrWasCancelled) {
  Job job = NewJob();
  job.Change(1, 800);
  TakeConfirmed(job, 1, kIncremental);
  job.Change(2, 100);
  const auto cancelled = Begin(job.backend(), 2, kIncremental);
  cancelled->Cancel();
  EXPECT_CODE(cancelled->Run(), kCancelled);
  job.Change(3, 100);
  Begin(job.backend(), 3, kIncremental).reset();
  job.Change(4, 100);
  const auto too_small = MakeMemoryStorage(10);
  EXPECT_CODE(job.Snapshot(4, too_small, OfKind(kIncremental)), kResourceExhausted);
  const Content content = job.Read();
  ExpectRestores(Take(job, 5, kIncremental), content);
}

TEST_P(SnapshotIncrementTest, BuildsOnTheFirstWhenEveryOtherIsAborted) {
  Job job = NewJob();
  TakeConfirmed(job, 1, kIncremental);  // Of nothing.
  job.Change(1, 400);
  Take(job, 2, kIncremental);
  Must(job.NotifyAborted(2));
  RemoveFilesOf(2);
  const Content content = job.Read();
  ExpectRestores(Take(job, 3, kIncremental), content);
}

TEST_P(SnapshotIncrementTest, ALateOrUnknownNotificationChangesNothing) {
  Job job = NewJob();
  job.Change(1, 600);
  TakeConfirmed(job, 1, kIncremental);
  job.Change(2, 100);
  Take(job, 2, kIncremental);
  job.Change(3, 100);
  TakeConfirmed(job, 3, kIncremental);
  EXPECT_OK(job.NotifyComplete(2));
  EXPECT_OK(job.NotifyComplete(1));
  EXPECT_OK(job.NotifyAborted(3));
  EXPECT_OK(job.NotifyAborted(1));
  EXPECT_OK(job.NotifyComplete(77));
  EXPECT_OK(job.NotifyAborted(78));
  RemoveFilesOf(2);
  job.Change(4, 100);
  const Content content = job.Read();
  ExpectRestores(Take(job, 4, kIncremental), content);
}

TEST_P(SnapshotIncrementTest, ASavepointIsNoBase) {
  Job job = NewJob();
  job.Change(1, 600);
  TakeConfirmed(job, 1, kIncremental);
  job.Change(2, 100);
  TakeConfirmed(job, 2, SnapshotKind::kSavepoint);
  RemoveFilesOf(2);
  job.Change(3, 100);
  const Content content = job.Read();
  ExpectRestores(Take(job, 3, kIncremental), content);
}

TEST_P(SnapshotIncrementTest, RemovedEntriesAreGone) {
  auto backend = Open<int64_t>();
  auto value = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 20; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(value.Update(key));
    Must(list.Update({1, 2, 3}));
    for (int64_t n = 0; n < 5; ++n) Must(map.Put(n, key));
  }
  TakeConfirmed(backend.backend(), 1, kIncremental);
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(value.Clear());
    Must(list.Update({}));
    if (key % 2 == 0) Must(map.Clear());
    if (key % 2 == 1) Must(map.Remove(3));
  }
  Must(backend.SetCurrentKey(3));
  Must(value.Update(33));  // Went, and came back.
  Must(backend.SetCurrentKey(100));
  Must(value.Update(1));  // Came, and went.
  Must(value.Clear());
  const Handles handles = {TakeConfirmed(backend.backend(), 2, kIncremental).handle};
  auto restored = OpenRestored<int64_t>(handles);
  EXPECT_EQ(Must(restored.backend().NumEntries()), 11u + 10u + 5u * 4u + 10u * 5u);
  auto value_again = Must(restored.GetState(ValueStateDescriptor<int64_t>("v")));
  auto list_again = Must(restored.GetState(ListStateDescriptor<int64_t>("l")));
  auto map_again = Must(restored.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 20; ++key) {
    Must(restored.SetCurrentKey(key));
    EXPECT_EQ(Current(value_again).value_or(-1), key == 3 ? 33 : key < 10 ? -1 : key);
    EXPECT_EQ(Current(list_again).has_value(), key >= 10);
    EXPECT_EQ(Must(map_again.IsEmpty()), key < 10 && key % 2 == 0);
    EXPECT_EQ(Must(map_again.Contains(3)), key >= 10);
  }
}

TEST_P(SnapshotIncrementTest, AStateRemovedAndOneMadeAgainAreAsTheyAreNow) {
  auto backend = Open<int64_t>();
  const auto fill = [&](auto state, int64_t from, int64_t to) {
    for (int64_t key = from; key < to; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Update(key));
    }
  };
  for (const char* name : {"stays", "goes", "again", "other kind"}) {
    fill(Must(backend.GetState(ValueStateDescriptor<int64_t>(name))), 0, 30);
  }
  TakeConfirmed(backend.backend(), 1, kIncremental);
  Must(backend.backend().RemoveState("goes"));
  Must(backend.backend().RemoveState("again"));
  Must(backend.backend().RemoveState("other kind"));
  fill(Must(backend.GetState(ValueStateDescriptor<int64_t>("again"))), 25, 35);
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("other kind")));
  Must(backend.SetCurrentKey(1));
  Must(map.Put(5, 6));
  fill(Must(backend.GetState(ValueStateDescriptor<int64_t>("new"))), 0, 3);
  Handles handles = {TakeConfirmed(backend.backend(), 2, kIncremental).handle};
  for (uint64_t id = 3; id < 5; ++id) {
    auto restored = OpenRestored<int64_t>(handles);
    EXPECT_EQ(SnapshotsOf(restored.backend()).UnclaimedStates().size(), 4u);
    EXPECT_EQ(Must(restored.backend().NumEntries()), 30u + 10u + 1u + 3u);
    auto again = Must(restored.GetState(ValueStateDescriptor<int64_t>("again")));
    EXPECT_EQ(KeysOf(restored.backend(), "again", kVoid).size(), 10u);
    Must(restored.SetCurrentKey(30));
    EXPECT_EQ(Current(again), 30);
    auto map_again = Must(restored.GetState(MapStateDescriptor<int64_t, int64_t>("other kind")));
    Must(restored.SetCurrentKey(1));
    EXPECT_EQ(EntriesOf(map_again), (EntryList<int64_t, int64_t>{{5, 6}}));
    EXPECT_CODE(restored.backend().Keys("goes", kVoid), kNotFound);
    handles = {TakeConfirmed(backend.backend(), id, kIncremental).handle};
  }
}

TEST_P(SnapshotIncrementTest, WithoutChangesIsTheSameAndSmall) {
  JobOptions options;
  options.states = testing_support::TwoStates();
  Job job = NewJob(options);
  job.Change(1, 4000);
  const Content content = job.Read();
  TakeConfirmed(job, 1, kIncremental);
  for (uint64_t id = 2; id < 5; ++id) {
    const SnapshotResult result = TakeConfirmed(job.backend(), id, kIncremental);
    EXPECT_LT(result.figures.bytes_written, 20'000u) << "besides what an engine writes of its own";
    ExpectRestores({result.handle}, content, options);
  }
}

TEST_P(SnapshotIncrementTest, IntoAnotherStorageBuildsOnNothingOfTheFirst) {
  Job job = NewJob();
  job.Change(1, 600);
  TakeConfirmed(job, 1, kIncremental);
  job.Change(2, 100);
  const Content content = job.Read();
  const auto other = MakeMemoryStorage(uint64_t{1} << 30);
  const Handles handles = Must(job.Snapshot(2, other, OfKind(kIncremental)));
  RemoveFilesOf(1);
  ExpectRestores(handles, content, {}, other);
}

TEST_P(SnapshotIncrementTest, AHundredInARowAreBoundedInFilesAndRestore) {
  JobOptions options;
  options.states = testing_support::TwoStates();
  Job job = NewJob(options);
  const auto store = Must(CheckpointStore::Open(storage(), {}));
  job.Change(1, 1000);
  for (uint64_t i = 1; i <= 100; ++i) {
    job.Change(1000 + i, 80);
    Must(job.Checkpoint(*store, OfKind(kIncremental)));
    const CheckpointMetadata latest = Must(store->Latest());
    ASSERT_EQ(latest.handles.size(), 1u);
    ASSERT_LT(latest.handles[0].files.size(), 50u) << "after " << i;
    if (i % 20 != 0) continue;
    ExpectRestores(latest.handles, job.Read(), options);
    Files expected = FilesOf(latest.handles[0]);
    for (const auto& file : FilesIn(*storage(), CheckpointFolder(kIncremental, latest.checkpoint_id) + "/_metadata")) {
      expected.insert(expected.begin(), file);
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(FilesIn(), expected) << "nothing else is left";
  }
}

}  // namespace
}  // namespace kvstate::conformance

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

constexpr SnapshotKind kFull = SnapshotKind::kFullCheckpoint;
constexpr SnapshotKind kIncremental = SnapshotKind::kIncrementalCheckpoint;
constexpr SnapshotKind kSavepoint = SnapshotKind::kSavepoint;

class SnapshotRestoreTest : public SnapshotTest {
 protected:
  static std::vector<std::string> UnclaimedNames(KeyedStateBackend& backend) {
    std::vector<std::string> names;
    for (const SavedState& state : SnapshotsOf(backend).UnclaimedStates()) names.push_back(state.name);
    std::sort(names.begin(), names.end());
    return names;
  }
  /// "cold" and "hot", of 50 keys each, and "map" of 10 keys with 3 entries each.
  KeyedBackend<int64_t> Filled() {
    auto backend = Open<int64_t>();
    auto cold = Must(backend.GetState(ValueStateDescriptor<int64_t>("cold")));
    auto hot = Must(backend.GetState(ValueStateDescriptor<int64_t>("hot")));
    auto map = Must(backend.GetState<TimeWindow>(MapStateDescriptor<int64_t, int64_t>("map")));
    Must(map.SetCurrentNamespace(TimeWindow{0, 10}));
    for (int64_t key = 0; key < 50; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(cold.Update(key + 100));
      Must(hot.Update(key));
      for (int64_t n = 0; n < 3 && key < 10; ++n) Must(map.Put(n, key));
    }
    return backend;
  }
  static void ExpectCold(KeyedBackend<int64_t>& backend) {
    auto cold = Must(backend.GetState(ValueStateDescriptor<int64_t>("cold")));
    EXPECT_EQ(KeysOf(backend.backend(), "cold", kVoid).size(), 50u);
    for (int64_t key = 0; key < 50; ++key) {
      Must(backend.SetCurrentKey(key));
      ASSERT_EQ(Current(cold), key + 100);
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotRestoreTest);

TEST_P(SnapshotRestoreTest, RestoredStatesAreUnclaimedUntilAskedFor) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto first = Filled();
    const SnapshotResult result = Take(first.backend(), 1, kind);
    EXPECT_TRUE(UnclaimedNames(first.backend()).empty());
    auto restored = OpenRestored<int64_t>({result.handle});
    EXPECT_EQ(UnclaimedNames(restored.backend()), (std::vector<std::string>{"cold", "hot", "map"}));
    EXPECT_TRUE(restored.backend().StateNames().empty());
    EXPECT_EQ(Must(restored.backend().NumEntries()), 130u) << "those of unclaimed states count";
    const SavedState saved = SnapshotsOf(restored.backend()).UnclaimedStates()[0];
    EXPECT_EQ(saved.kind, StateKind::kValue);
    EXPECT_EQ(saved.value_serializer, SerializerFor<int64_t>()->Snapshot());
    ExpectCold(restored);
    EXPECT_EQ(UnclaimedNames(restored.backend()), (std::vector<std::string>{"hot", "map"}));
    EXPECT_EQ(restored.backend().StateNames(), std::vector<std::string>{"cold"});
    EXPECT_EQ(Must(restored.backend().NumEntries()), 130u);
    Must(restored.GetState(ValueStateDescriptor<int64_t>("new")));
    EXPECT_EQ(UnclaimedNames(restored.backend()), (std::vector<std::string>{"hot", "map"}));
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRestoreTest, AStateThatIsNeverAskedForIsInEverySnapshotAfter) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const bool claim : {false, true}) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + (claim ? ", claimed" : ""));
      uint64_t id = 1;
      auto backend = Filled();
      Handles handles = {TakeConfirmed(backend.backend(), id, kind).handle};
      for (int generation = 0; generation < 4; ++generation) {
        auto next = OpenRestored<int64_t>(handles, claim);
        auto hot = Must(next.GetState(ValueStateDescriptor<int64_t>("hot")));
        for (int round = 0; round < 3; ++round) {
          Must(next.SetCurrentKey(generation));
          Must(hot.Update(1000 + generation));
          handles = {TakeConfirmed(next.backend(), ++id, kind).handle};
        }
        EXPECT_EQ(UnclaimedNames(next.backend()), (std::vector<std::string>{"cold", "map"}));
        EXPECT_EQ(Must(next.backend().NumEntries()), 130u);
      }
      auto last = OpenRestored<int64_t>(handles, claim);
      ExpectCold(last);
      auto map = Must(last.GetState<TimeWindow>(MapStateDescriptor<int64_t, int64_t>("map")));
      Must(map.SetCurrentNamespace(TimeWindow{0, 10}));
      Must(last.SetCurrentKey(7));
      EXPECT_EQ(EntriesOf(map), (EntryList<int64_t, int64_t>{{0, 7}, {1, 7}, {2, 7}}));
      auto hot = Must(last.GetState(ValueStateDescriptor<int64_t>("hot")));
      for (int64_t key = 0; key < 6; ++key) {
        Must(last.SetCurrentKey(key));
        EXPECT_EQ(Current(hot), key < 4 ? 1000 + key : key);
      }
      for (uint64_t i = 1; i <= id; ++i) RemoveFilesOf(i);
    }
  }
}

TEST_P(SnapshotRestoreTest, AnUnclaimedStateCanBeRemoved) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto first = Filled();
    const SnapshotResult result = Take(first.backend(), 1, kind);
    auto restored = OpenRestored<int64_t>({result.handle}, true);
    TakeConfirmed(restored.backend(), 2, kIncremental);
    EXPECT_OK(restored.backend().RemoveState("cold"));
    EXPECT_CODE(restored.backend().RemoveState("cold"), kNotFound);
    EXPECT_EQ(Must(restored.backend().NumEntries()), 80u);
    EXPECT_EQ(UnclaimedNames(restored.backend()), (std::vector<std::string>{"hot", "map"}));
    uint64_t id = 2;
    for (const SnapshotKind next : kSnapshotKinds) {
      auto again = OpenRestored<int64_t>({Take(restored.backend(), ++id, next).handle});
      EXPECT_EQ(UnclaimedNames(again.backend()), (std::vector<std::string>{"hot", "map"}));
      EXPECT_EQ(Must(again.backend().NumEntries()), 80u);
    }
    auto cold = Must(restored.GetState(ValueStateDescriptor<std::string>("cold")));
    Must(restored.SetCurrentKey(1));
    EXPECT_EQ(Current(cold), std::nullopt) << "the name is free, for another kind too";
    for (uint64_t i = 1; i <= id; ++i) RemoveFilesOf(i);
  }
}

TEST_P(SnapshotRestoreTest, AnIncompatibleStateIsRefusedAndNothingChanges) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto first = Filled();
    const SnapshotResult result = Take(first.backend(), 1, kind);
    auto restored = OpenRestored<int64_t>({result.handle});
    const auto refused = [&](const SerializerPtr& namespaces, const StateDescriptor& descriptor, const char* word) {
      const auto made = restored.backend().GetOrCreateState(namespaces, descriptor);
      EXPECT_CODE(made, kInvalidArgument);
      EXPECT_MENTIONS(made, descriptor.name);
      EXPECT_MENTIONS(made, word);
    };
    const SerializerPtr none = SerializerFor<VoidNamespace>();
    const SerializerPtr window = SerializerFor<TimeWindow>();
    refused(none, ListStateDescriptor<int64_t>("cold"), "kind");
    refused(none, ValueStateDescriptor<std::string>("cold"), "serializer");
    refused(none, ValueStateDescriptor<int32_t>("cold"), "serializer");
    refused(window, ValueStateDescriptor<int64_t>("cold"), "namespace");
    refused(window, MapStateDescriptor<std::string, int64_t>("map"), "user");
    refused(window, MapStateDescriptor<int64_t, std::string>("map"), "serializer");
    EXPECT_EQ(UnclaimedNames(restored.backend()), (std::vector<std::string>{"cold", "hot", "map"}));
    EXPECT_EQ(Must(restored.backend().NumEntries()), 130u);
    ExpectCold(restored);
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRestoreTest, AClaimedRestoreGoesOnIncrementally) {
  Job job = NewJob();
  job.Change(1, 2500);
  const Handles handles = Must(job.Snapshot(1, storage(), OfKind(kIncremental)));
  Job next = NewJob();
  ASSERT_OK(next.Restore(handles, storage(), true));
  const SnapshotResult at_once = Take(next.backend(), 2, kIncremental);
  EXPECT_GE(at_once.figures.files_reused, 1u) << "nothing changed since";
  next.Change(2, 50);
  const Content content = next.Read();
  const SnapshotResult changed = TakeConfirmed(next.backend(), 3, kIncremental);
  EXPECT_GE(changed.figures.bytes_reused, changed.figures.bytes_written) << "the claimed files serve again";
  RemoveFilesOf(2);
  ExpectRestores({changed.handle}, content);
  next.Change(3, 50);
  const Content last = next.Read();
  ExpectRestores({Take(next.backend(), 4, kIncremental).handle}, last);
  ExpectRestores(handles, job.Read());
}

TEST_P(SnapshotRestoreTest, WithoutAClaimTheNextIncrementWritesEverything) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job job = NewJob();
    job.Change(1, 1500);
    const Handles handles = Must(job.Snapshot(1, storage(), OfKind(kind)));
    const Files files = FilesIn();
    Job next = NewJob();
    ASSERT_OK(next.Restore(handles, storage(), false));
    next.Change(2, 50);
    const Content content = next.Read();
    const SnapshotResult result = TakeConfirmed(next.backend(), 2, kIncremental);
    EXPECT_EQ(result.figures.bytes_reused, 0u);
    EXPECT_EQ(result.figures.files_reused, 0u);
    for (const auto& file : files) {
      EXPECT_EQ(FilesIn(*storage(), file.first), Files{file}) << "the old files are left alone";
    }
    RemoveFilesOf(1);
    ExpectRestores({result.handle}, content);
    next.Change(3, 50);
    const Content last = next.Read();
    const SnapshotResult third = Take(next.backend(), 3, kIncremental);
    EXPECT_GE(third.figures.files_reused, 1u) << "it builds on its own ones";
    ExpectRestores({third.handle}, last);
    RemoveFilesOf(2);
    RemoveFilesOf(3);
  }
}

TEST_P(SnapshotRestoreTest, AClaimIsWorthNothingInAnotherStorage) {
  Job job = NewJob();
  job.Change(1, 1500);
  const Handles handles = Must(job.Snapshot(1, storage(), OfKind(kIncremental)));
  Job next = NewJob();
  ASSERT_OK(next.Restore(handles, storage(), true));
  const auto other = MakeMemoryStorage(uint64_t{1} << 30);
  next.Change(2, 50);
  const Content content = next.Read();
  const Handles moved = Must(next.Snapshot(2, other, OfKind(kIncremental)));
  RemoveFilesOf(1);
  ExpectRestores(moved, content, {}, other);
}

TEST_P(SnapshotRestoreTest, WhenItIsDoneTheFilesMayGo) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    const auto files = NewFileSystemStorage();
    Job job = NewJob();
    job.Change(1, 1500);
    const Content content = job.Read();
    const Handles handles = Must(job.Snapshot(1, files, OfKind(kind)));
    Job next = NewJob();
    ASSERT_OK(next.Restore(handles, files, false));
    for (const auto& [path, bytes] : FilesIn(*files)) Must(files->Remove(path));
    EXPECT_EQ(DifferenceOf(content, next.Read()), "");
    next.Change(2, 1500);
    const Content changed = next.Read();
    ExpectRestores(Must(next.Snapshot(2, files, OfKind(kind))), changed, {}, files);
  }
}

TEST_P(SnapshotRestoreTest, WhatTheBackendDoesNeverTouchesTheFilesItCameFrom) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const bool claim : {false, true}) {
      const auto files = NewFileSystemStorage();
      Job job = NewJob();
      job.Change(1, 1500);
      const Content content = job.Read();
      const Handles handles = Must(job.Snapshot(1, files, OfKind(kind)));
      {
        Job next = NewJob();
        ASSERT_OK(next.Restore(handles, files, claim));
        next.Change(2, 3000);
        next.Clear();
        next.Change(3, 500);
      }
      ExpectRestores(handles, content, {}, files);
    }
  }
}

TEST_P(SnapshotRestoreTest, ASnapshotRightAfterItIsTheSame) {
  for (const SnapshotKind from : kSnapshotKinds) {
    for (const SnapshotKind to : kSnapshotKinds) {
      SCOPED_TRACE(std::string(SnapshotKindName(from)) + " to " + std::string(SnapshotKindName(to)));
      Job job = NewJob();
      job.Change(1, 800);
      const Content content = job.Read();
      const Handles handles = Must(job.Snapshot(1, storage(), OfKind(from)));
      Job next = NewJob();
      ASSERT_OK(next.Restore(handles, storage(), false));
      ExpectRestores(Must(next.Snapshot(2, storage(), OfKind(to))), content);
      RemoveFilesOf(1);
      RemoveFilesOf(2);
    }
  }
}

TEST_P(SnapshotRestoreTest, OfTheSameHandlesAnyNumberOfTimes) {
  Job job = NewJob();
  job.Change(1, 500);
  const Content content = job.Read();
  const Handles handles = Must(job.Snapshot(1, storage(), OfKind(kFull)));
  const Files files = FilesIn();
  for (int i = 0; i < 3; ++i) ExpectRestores(handles, content);
  EXPECT_EQ(FilesIn(), files);
  const Handles savepoint = Must(job.Snapshot(2, storage(), OfKind(kSavepoint)));
  for (int i = 0; i < 3; ++i) ExpectRestores(savepoint, content);
}

}  // namespace
}  // namespace kvstate::conformance

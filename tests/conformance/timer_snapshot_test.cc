#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "tests/conformance/snapshot_testing.h"
#include "tests/conformance/timer_testing.h"

namespace kvstate::conformance {
namespace {

class TimerSnapshotTest : public SnapshotTest {
 protected:
  static TimerQueue& QueueOf(KeyedStateBackend& backend, TimerStorage storage, const std::string& name = "q") {
    return *Must(TimersOf(backend).GetOrCreateQueue(name, SerializerFor<std::string>(), storage));
  }
  /// Timer `n` of many, over all key groups.
  static TimerItem Item(int64_t n) { return {n % 17 - 3, Encode(n), Encode("n" + std::to_string(n % 3))}; }
  static TimerItems Items(int64_t from, int64_t to) {
    std::set<TimerItem> items;
    for (int64_t n = from; n < to; ++n) items.insert(Item(n));
    return {items.begin(), items.end()};
  }
  static void Fill(TimerQueue& queue, int64_t from, int64_t to) {
    for (int64_t n = from; n < to; ++n) Must(queue.Add(TimerOf(Item(n))));
  }
  KeyedBackend<int64_t> RestoredOn(const std::string& name, const Handles& handles, KeyGroupRange range = {0, 127}) {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.key_groups = range;
    KeyedBackend<int64_t> backend(Must(Must(TestedBackends().Find(name))->Create(options)));
    Must(SnapshotsOf(backend.backend()).Restore(handles, storage(), RestoreOptions()));
    return backend;
  }
};
KVSTATE_ON_EVERY_BACKEND(TimerSnapshotTest);

TEST_P(TimerSnapshotTest, TimersAreInEverySnapshotAndMayChangeTheirStorage) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const TimerStorage storage : kTimerStorages) {
      auto first = Open<int64_t>();
      Fill(QueueOf(first.backend(), storage), 0, 200);
      const SnapshotResult result = Take(first.backend(), 1, kind);
      for (const TimerStorage then : kTimerStorages) {
        SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", " + NameOf(storage) + " to " + NameOf(then));
        auto restored = OpenRestored<int64_t>({result.handle});
        TimerQueue& queue = QueueOf(restored.backend(), then);
        EXPECT_EQ(Must(queue.Size()), 200u);
        Must(queue.Add(TimerOf(Item(7))));
        EXPECT_EQ(Drained(queue), Items(0, 200));
      }
      RemoveFilesOf(1);
    }
  }
}

TEST_P(TimerSnapshotTest, ASnapshotHasItsMoment) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const TimerStorage storage : kTimerStorages) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", " + NameOf(storage));
      auto first = Open<int64_t>();
      TimerQueue& queue = QueueOf(first.backend(), storage);
      Fill(queue, 0, 300);
      const auto task = Begin(first.backend(), 1, kind);
      Fill(queue, 300, 400);
      for (int n = 0; n < 250; ++n) {
        Timer timer;
        Must(queue.Poll(&timer));
      }
      const SnapshotResult result = Must(task->Run());
      EXPECT_EQ(Must(queue.Size()), 150u);
      auto restored = OpenRestored<int64_t>({result.handle});
      EXPECT_EQ(Drained(QueueOf(restored.backend(), storage)), Items(0, 300));
      RemoveFilesOf(1);
    }
  }
}

TEST_P(TimerSnapshotTest, AnIncrementHasWhatCameAndWhatWent) {
  for (const TimerStorage storage : kTimerStorages) {
    SCOPED_TRACE(NameOf(storage));
    auto first = Open<int64_t>();
    TimerQueue& queue = QueueOf(first.backend(), storage);
    Fill(queue, 0, 300);
    TakeConfirmed(first.backend(), 1, SnapshotKind::kIncrementalCheckpoint);
    for (int64_t n = 0; n < 20; ++n) Must(queue.Remove(TimerOf(Item(n))));
    Fill(queue, 300, 310);
    TakeConfirmed(first.backend(), 2, SnapshotKind::kIncrementalCheckpoint);
    for (int64_t n = 20; n < 30; ++n) Must(queue.Remove(TimerOf(Item(n))));
    Handles handles = {TakeConfirmed(first.backend(), 3, SnapshotKind::kIncrementalCheckpoint).handle};
    auto restored = OpenRestored<int64_t>(handles, true);
    TimerQueue& again = QueueOf(restored.backend(), storage);
    EXPECT_EQ(Must(again.Size()), 280u);
    for (int64_t n = 30; n < 40; ++n) Must(again.Remove(TimerOf(Item(n))));
    handles = {TakeConfirmed(restored.backend(), 4, SnapshotKind::kIncrementalCheckpoint).handle};
    auto last = OpenRestored<int64_t>(handles);
    EXPECT_EQ(Drained(QueueOf(last.backend(), storage)), Items(40, 310));
    for (uint64_t id = 1; id <= 4; ++id) RemoveFilesOf(id);
  }
}

TEST_P(TimerSnapshotTest, QueuesThatNobodyAsksForStayInSnapshots) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const TimerStorage storage : kTimerStorages) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", " + NameOf(storage));
      auto first = Open<int64_t>();
      Fill(QueueOf(first.backend(), storage), 0, 100);
      Handles handles = {TakeConfirmed(first.backend(), 1, kind).handle};
      for (uint64_t id = 2; id < 5; ++id) {
        auto next = OpenRestored<int64_t>(handles, true);
        auto state = Must(next.GetState(ValueStateDescriptor<int64_t>("v")));
        Must(next.SetCurrentKey(1));
        Must(state.Update(static_cast<int64_t>(id)));
        handles = {TakeConfirmed(next.backend(), id, kind).handle};
      }
      auto last = OpenRestored<int64_t>(handles);
      EXPECT_EQ(Drained(QueueOf(last.backend(), storage)), Items(0, 100));
      for (uint64_t id = 1; id < 5; ++id) RemoveFilesOf(id);
    }
  }
}

TEST_P(TimerSnapshotTest, TimersFollowTheirKeysWhenRescaled) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const TimerStorage storage : kTimerStorages) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", " + NameOf(storage));
      auto one = Open<int64_t>();
      Fill(QueueOf(one.backend(), storage), 0, 300);
      Handles handles = {Take(one.backend(), 1, kind).handle};
      // 1 to 3 to 2.
      Handles parts;
      TimerItems all;
      for (uint32_t i = 0; i < 3; ++i) {
        auto part = RestoredOn(GetParam(), handles, KeyGroupRangeOf(128, 3, i));
        TimerQueue& queue = QueueOf(part.backend(), storage);
        const TimerItems listed = Listed(part.backend(), queue);
        all.insert(all.end(), listed.begin(), listed.end());
        parts.push_back(Take(part.backend(), 2 + i, kind).handle);
      }
      std::sort(all.begin(), all.end());
      EXPECT_EQ(all, Items(0, 300));
      all.clear();
      for (uint32_t i = 0; i < 2; ++i) {
        auto part = RestoredOn(GetParam(), parts, KeyGroupRangeOf(128, 2, i));
        const TimerItems drained = Drained(QueueOf(part.backend(), storage));
        EXPECT_TRUE(std::is_sorted(drained.begin(), drained.end()));
        all.insert(all.end(), drained.begin(), drained.end());
      }
      std::sort(all.begin(), all.end());
      EXPECT_EQ(all, Items(0, 300));
      for (uint64_t id = 1; id <= 4; ++id) RemoveFilesOf(id);
    }
  }
}

TEST_P(TimerSnapshotTest, ASavepointGoesToEveryStorageOnEveryBackend) {
  for (const TimerStorage storage : kTimerStorages) {
    auto first = Open<int64_t>();
    Fill(QueueOf(first.backend(), storage), 0, 100);
    const SnapshotResult result = Take(first.backend(), 1, SnapshotKind::kSavepoint);
    for (const std::string& name : TestedBackendNames()) {
      for (const TimerStorage then : kTimerStorages) {
        SCOPED_TRACE(std::string(NameOf(storage)) + " to " + name + ", " + NameOf(then));
        auto restored = RestoredOn(name, {result.handle});
        EXPECT_EQ(Drained(QueueOf(restored.backend(), then)), Items(0, 100));
      }
    }
    RemoveFilesOf(1);
  }
}

TEST_P(TimerSnapshotTest, AnotherNamespaceSerializerIsRefusedAtARestore) {
  for (const TimerStorage storage : kTimerStorages) {
    SCOPED_TRACE(NameOf(storage));
    auto first = Open<int64_t>();
    Fill(QueueOf(first.backend(), storage), 0, 10);
    const SnapshotResult result = Take(first.backend(), 1, SnapshotKind::kSavepoint);
    auto restored = OpenRestored<int64_t>({result.handle});
    const auto made = TimersOf(restored.backend()).GetOrCreateQueue("q", SerializerFor<int64_t>(), storage);
    EXPECT_CODE(made, kInvalidArgument);
    EXPECT_MENTIONS(made, "'q'");
    EXPECT_EQ(Drained(QueueOf(restored.backend(), storage)), Items(0, 10)) << "nothing changed";
    RemoveFilesOf(1);
  }
}

}  // namespace
}  // namespace kvstate::conformance

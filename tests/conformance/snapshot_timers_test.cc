#include <algorithm>
#include <set>

#include "kvstate/namespaces.h"
#include "kvstate/savepoint_reader.h"
#include "tests/conformance/timers_testing.h"
#include "tests/support/failing_storage.h"

namespace kvstate::conformance {
namespace {

class SnapshotTimersTest : public SnapshotTest {
 protected:
  static OneTimer Nth(int64_t n) { return {(n * 7919) % 1000, Encode(n % 400), std::string(kVoid)}; }
  static TimerList Many(int64_t count) {
    TimerList all;
    for (int64_t n = 0; n < count; ++n) all.push_back(Nth(n));
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
  static void AddAll(TimerQueue& queue, const TimerList& timers) {
    for (const OneTimer& timer : timers) Must(queue.Add(ViewOf(timer)));
  }
  static bool HasState(const KeyedStateHandle& handle, std::string_view part) {
    return std::any_of(handle.states.begin(), handle.states.end(),
                       [&](const SavedState& state) { return state.name.find(part) != std::string::npos; });
  }

  /// Whether the backend's own storage takes timers.
  bool HasTimerStore() {
    auto backend = Open<int64_t>();
    QueueOf(backend.backend(), TimerStorage::kBackend);
    return HasState(Take(backend.backend(), 999, SnapshotKind::kSavepoint).handle, "timers.store.");
  }

  /// Instances of a job, each with its share of the timers.
  std::vector<std::unique_ptr<KeyedStateBackend>> Instances(uint32_t parallelism, const std::string& backend) {
    std::vector<std::unique_ptr<KeyedStateBackend>> instances;
    for (uint32_t i = 0; i < parallelism; ++i) {
      BackendOptions options = Options(SerializerFor<int64_t>());
      options.key_groups = KeyGroupRangeOf(options.max_parallelism, parallelism, i);
      instances.push_back(Must(Must(TestedBackends().Find(backend))->Create(options)));
    }
    return instances;
  }
  Handles TakeOfAll(uint32_t parallelism, TimerStorage storage, const TimerList& timers, SnapshotKind kind) {
    Handles handles;
    for (const auto& instance : Instances(parallelism, GetParam())) {
      TimerQueue& queue = QueueOf(*instance, storage);
      for (const OneTimer& timer : timers) {
        const uint32_t hash = instance->key_serializer().KeyHash(std::get<1>(timer));
        if (instance->key_group_range().Contains(KeyGroupOf(hash, instance->max_parallelism()))) {
          Must(queue.Add(ViewOf(timer)));
        }
      }
      handles.push_back(Take(*instance, 1, kind).handle);
    }
    return handles;
  }
  TimerList ReadOfAll(const Handles& handles, uint32_t parallelism, TimerStorage storage, const std::string& backend) {
    TimerList all;
    for (uint32_t i = 0; i < parallelism; ++i) {
      BackendOptions options = Options(SerializerFor<int64_t>());
      options.key_groups = KeyGroupRangeOf(options.max_parallelism, parallelism, i);
      const auto instance = Must(Must(TestedBackends().Find(backend))->Create(options));
      Must(SnapshotsOf(*instance).Restore(handles, this->storage(), {}));
      for (const OneTimer& timer : PollAll(QueueOf(*instance, storage))) {
        const uint32_t hash = instance->key_serializer().KeyHash(std::get<1>(timer));
        EXPECT_TRUE(options.key_groups.Contains(KeyGroupOf(hash, options.max_parallelism)));
        all.push_back(timer);
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotTimersTest);

TEST_P(SnapshotTimersTest, TheyFollowTheirKeysAtEveryParallelism) {
  const TimerList timers = Many(600);
  for (const auto& [from, to] : {std::pair{2u, 4u}, {4u, 2u}, {15u, 77u}, {1u, 3u}}) {
    for (const TimerStorage storage : kTimerStorages) {
      for (const SnapshotKind kind : {SnapshotKind::kIncrementalCheckpoint, SnapshotKind::kSavepoint}) {
        SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to) + ", " + NameOf(storage) + ", " +
                     std::string(SnapshotKindName(kind)));
        const Handles handles = TakeOfAll(from, storage, timers, kind);
        EXPECT_EQ(ReadOfAll(handles, to, storage, GetParam()), timers);
        RemoveFilesOf(1);
      }
    }
  }
}

TEST_P(SnapshotTimersTest, ASavepointsTimersRestoreOnEveryBackendInEitherStorage) {
  const TimerList timers = Many(300);
  for (const TimerStorage from : kTimerStorages) {
    const Handles handles = TakeOfAll(2, from, timers, SnapshotKind::kSavepoint);
    for (const std::string& backend : TestedBackendNames()) {
      for (const TimerStorage to : kTimerStorages) {
        SCOPED_TRACE(NameOf(from) + " to " + NameOf(to) + " of " + backend);
        EXPECT_EQ(ReadOfAll(handles, 3, to, backend), timers);
      }
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotTimersTest, QueuesThatNobodyAskedForStayInLaterSnapshots) {
  const TimerList timers = Many(300);
  for (const TimerStorage storage : kTimerStorages) {
    for (const bool claim : {false, true}) {
      auto backend = Open<int64_t>();
      AddAll(QueueOf(backend.backend(), storage), timers);
      KeyedStateHandle handle = TakeConfirmed(backend.backend(), 1, SnapshotKind::kIncrementalCheckpoint).handle;
      uint64_t id = 1;
      for (const SnapshotKind kind : {SnapshotKind::kIncrementalCheckpoint, SnapshotKind::kFullCheckpoint,
                                      SnapshotKind::kSavepoint, SnapshotKind::kIncrementalCheckpoint}) {
        SCOPED_TRACE(NameOf(storage) + ", " + std::string(SnapshotKindName(kind)));
        auto next = OpenRestored<int64_t>({handle}, claim);
        EXPECT_EQ(Must(next.backend().NumEntries()), 0u);
        EXPECT_TRUE(SnapshotsOf(next.backend()).UnclaimedStates().empty());
        EXPECT_TRUE(TimersOf(next.backend()).QueueNames().empty());
        Take(next.backend(), ++id, kind);
        handle = Take(next.backend(), ++id, kind).handle;
      }
      auto last = OpenRestored<int64_t>({handle});
      EXPECT_EQ(PollAll(QueueOf(last.backend(), storage)), timers);
      for (uint64_t i = 1; i <= id; ++i) RemoveFilesOf(i);
    }
  }
}

TEST_P(SnapshotTimersTest, ARestoreMayChangeWhereTheyLiveAndTheOldFormIsGone) {
  const TimerList timers = Many(300);
  for (const TimerStorage from : kTimerStorages) {
    const TimerStorage to = from == TimerStorage::kHeap ? TimerStorage::kBackend : TimerStorage::kHeap;
    SCOPED_TRACE(NameOf(from) + " to " + NameOf(to));
    auto backend = Open<int64_t>();
    AddAll(QueueOf(backend.backend(), from), timers);
    const auto handle = TakeConfirmed(backend.backend(), 1, SnapshotKind::kIncrementalCheckpoint).handle;
    auto moved = OpenRestored<int64_t>({handle}, /*claim=*/true);
    TimerQueue& queue = QueueOf(moved.backend(), to);
    Timer head;
    ASSERT_TRUE(Must(queue.Poll(&head)));
    KeyedStateHandle later;
    for (uint64_t id = 2; id < 5; ++id) {
      later = TakeConfirmed(moved.backend(), id, SnapshotKind::kIncrementalCheckpoint).handle;
      const bool in_store = to == TimerStorage::kBackend && HasTimerStore();
      EXPECT_EQ(HasState(later, "timers.heap."), !in_store);
      EXPECT_EQ(HasState(later, "timers.store."), in_store);
    }
    auto restored = OpenRestored<int64_t>({later});
    EXPECT_EQ(PollAll(QueueOf(restored.backend(), to)), TimerList(timers.begin() + 1, timers.end()));
    for (const uint64_t i : {1u, 2u, 3u, 4u, 999u}) RemoveFilesOf(i);
  }
}

TEST_P(SnapshotTimersTest, ARestoreWithAnotherNamespaceIsRefusedAndKeepsThem) {
  for (const TimerStorage storage : kTimerStorages) {
    auto backend = Open<int64_t>();
    AddAll(QueueOf(backend.backend(), storage), Many(20));
    auto restored = OpenRestored<int64_t>({Take(backend.backend(), 1, SnapshotKind::kFullCheckpoint).handle});
    for (const TimerStorage as : kTimerStorages) {
      const auto refused = TimersOf(restored.backend()).GetOrCreateQueue("timers", SerializerFor<TimeWindow>(), as);
      EXPECT_CODE(refused, kInvalidArgument);
      EXPECT_NE(refused.status().message().find("'timers'"), std::string::npos) << refused.status().ToString();
    }
    EXPECT_EQ(PollAll(QueueOf(restored.backend(), storage)), Many(20));
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotTimersTest, ABackendWithQueuesIsNotRestored) {
  auto backend = Open<int64_t>();
  QueueOf(backend.backend(), TimerStorage::kHeap);
  const auto handle = Take(backend.backend(), 1, SnapshotKind::kSavepoint).handle;
  auto other = Open<int64_t>();
  QueueOf(other.backend(), TimerStorage::kHeap);
  const Handles handles = {handle};
  EXPECT_CODE(SnapshotsOf(other.backend()).Restore(handles, storage(), {}), kFailedPrecondition);
}

TEST_P(SnapshotTimersTest, CancelledAndDroppedSnapshotsLeaveNoFilesAndChangeNothing) {
  const TimerList timers = Many(300);
  auto backend = Open<int64_t>();
  TimerQueue& queue = QueueOf(backend.backend(), TimerStorage::kHeap);
  AddAll(queue, timers);
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    const auto cancelled = Begin(backend.backend(), ++id, kind);
    auto dropped = Begin(backend.backend(), ++id, kind);
    Timer head;
    ASSERT_TRUE(Must(queue.Poll(&head)));
    const OneTimer polled = Owned(head);
    cancelled->Cancel();
    EXPECT_CODE(cancelled->Run(), kCancelled);
    dropped.reset();
    EXPECT_TRUE(FilesIn().empty());
    Must(queue.Add(ViewOf(polled)));
  }
  const auto outliving = Begin(backend.backend(), ++id, SnapshotKind::kFullCheckpoint);
  EXPECT_EQ(PollAll(queue), timers);
  Must(backend.backend().Dispose());
  EXPECT_CODE(outliving->Run(), kCancelled);
  EXPECT_TRUE(FilesIn().empty());
}

TEST_P(SnapshotTimersTest, AnyFailureOfTheStorageIsSaidAndLeavesNoFiles) {
  auto backend = Open<int64_t>();
  AddAll(QueueOf(backend.backend(), TimerStorage::kHeap), Many(300));
  const auto failing = std::make_shared<testing_support::FailingStorage>(storage());
  uint64_t id = 0;
  for (uint64_t at = 1;; ++at) {
    failing->Arm({.fail_at = at, .code = StatusCode::kResourceExhausted});
    const auto task = Must(SnapshotsOf(backend.backend()).Snapshot(++id, failing, OfKind(SnapshotKind::kSavepoint)));
    const auto result = task->Run();
    if (!failing->failed()) {
      EXPECT_OK(result);
      break;
    }
    EXPECT_CODE(result, kResourceExhausted);
    EXPECT_TRUE(FilesIn().empty()) << "operation " << at;
  }
  EXPECT_GT(id, 6u) << "two streams of at least three operations each";
}

TEST_P(SnapshotTimersTest, ADamagedOrMissingFileOfTimersIsNamedAndNothingIsRestored) {
  auto backend = Open<int64_t>();
  AddAll(QueueOf(backend.backend(), TimerStorage::kHeap), Many(300));
  for (const SnapshotKind kind : kSnapshotKinds) {
    const uint64_t id = 10 + static_cast<uint64_t>(kind);
    const Handles handles = {Take(backend.backend(), id, kind).handle};
    const SnapshotFile& file = handles[0].files.back();
    EXPECT_FALSE(file.shared);
    const auto expect_refused = [&](const Handles& given, const std::string& named) {
      auto restored = Open<int64_t>();
      const Status status = SnapshotsOf(restored.backend()).Restore(given, storage(), {});
      EXPECT_CODE(status, kDataLoss);
      EXPECT_NE(status.message().find(named), std::string::npos) << status.ToString();
      EXPECT_OK(restored.backend().NumEntries());
      EXPECT_EQ(Must(QueueOf(restored.backend(), TimerStorage::kHeap).Size()), 0u);
    };
    Handles other = handles;
    ++other[0].files.back().file.checksum;
    expect_refused(other, file.file.path);
    other = handles;
    other[0].files.pop_back();
    expect_refused(other, "timers");
    other = handles;
    other[0].states.pop_back();
    expect_refused(other, "timers");
    Must(storage()->Remove(file.file.path));
    expect_refused(handles, file.file.path);
  }
}

TEST_P(SnapshotTimersTest, FiguresAndReadersHaveThem) {
  const TimerList timers = Many(300);
  for (const TimerStorage storage : kTimerStorages) {
    auto backend = Open<int64_t>();
    AddAll(QueueOf(backend.backend(), storage), timers);
    const SnapshotResult result = Take(backend.backend(), 1, SnapshotKind::kSavepoint);
    EXPECT_EQ(result.figures.entries_written, timers.size());
    uint64_t bytes = 0;
    for (const SnapshotFile& file : result.handle.files) bytes += file.file.bytes;
    EXPECT_EQ(result.figures.bytes_written, bytes);
    EXPECT_EQ(result.figures.files_new, result.handle.files.size());
    const auto serializer_of = [](const SerializerSnapshot& of) -> Result<SerializerPtr> {
      return of.type_id == "int64" ? SerializerFor<int64_t>() : SerializerFor<VoidNamespace>();
    };
    const auto reader =
        Must(OpenSavepoint(this->storage(), result.handle, backend.backend().key_group_range(), serializer_of));
    std::set<std::string> keys;
    SavedEntry entry;
    size_t entries = 0;
    for (; Must(reader->Next(&entry)); ++entries) {
      EXPECT_EQ(entry.user_key.size(), 8u);
      EXPECT_TRUE(entry.is_null);
      keys.emplace(entry.key);
    }
    EXPECT_EQ(entries, timers.size());
    EXPECT_EQ(keys.size(), 300u);
    RemoveFilesOf(1);
  }
}

}  // namespace
}  // namespace kvstate::conformance

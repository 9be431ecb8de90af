#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/delta_chain.h"
#include "tests/unit/hashmap/snapshot_testing.h"

namespace kvstate::backends::hashmap {
namespace {

template <class K>
class HashMapIncrements : public ::testing::Test {};
using KeyTypes = ::testing::Types<int64_t, std::string>;
TYPED_TEST_SUITE(HashMapIncrements, KeyTypes);

SnapshotOptions Incremental() {
  SnapshotOptions options;
  options.kind = SnapshotKind::kIncrementalCheckpoint;
  return options;
}

/// Entries in which two contents differ: the least that an increment has to write.
uint64_t Differences(const Contents& a, const Contents& b) {
  uint64_t differences = 0;
  for (const auto& [key, value] : a) {
    const auto same = b.find(key);
    if (same == b.end() || same->second != value) ++differences;
  }
  for (const auto& [key, value] : b) differences += a.contains(key) ? 0 : 1;
  return differences;
}

/// A job and the checkpoints it has begun: what each must hold, and, once it ran, where that is.
template <class K>
struct Checkpoints {
  struct Pending {
    Contents expected;
    std::unique_ptr<SnapshotTask> task;
    KeyedStateHandle handle;
    bool ran = false;
  };

  explicit Checkpoints(uint64_t seed) : job(std::make_unique<RandomJob<K>>(seed, seed % 2 == 0 ? 1 : 7, 300)) {
    job->MakeStates();
    job->Work(1500);
  }

  void Begin(SnapshotKind kind) {
    SnapshotOptions options;
    options.kind = kind;
    Pending& begun = pending[++last_id];
    begun.expected = job->contents();
    ASSERT_OK_AND_ASSIGN(begun.task, job->snapshots().Snapshot(last_id, storage, options));
  }
  void Run(Pending& checkpoint) {
    storage->between = [this] { job->Work(static_cast<int>(job->Random(100))); };
    ASSERT_OK_AND_ASSIGN(SnapshotResult result, checkpoint.task->Run());
    storage->between = nullptr;
    checkpoint.handle = std::move(result.handle);
    checkpoint.ran = true;
    ASSERT_EQ(Restored<K>(checkpoint.handle, storage), checkpoint.expected);
  }
  Pending& Any() { return std::next(pending.begin(), static_cast<int>(job->Random(pending.size())))->second; }
  void End(bool confirm) {
    const auto ended = std::next(pending.begin(), static_cast<int>(job->Random(pending.size())));
    if (confirm && ended->second.ran) {
      ASSERT_OK(job->snapshots().NotifyComplete(ended->first));
      confirmed = std::move(ended->second);
      pending.erase(pending.begin(), std::next(ended));
    } else {
      ASSERT_OK(job->snapshots().NotifyAborted(ended->first));
      pending.erase(ended);
    }
  }
  /// Goes on from the last that was confirmed, as another process would.
  void GoOn(uint64_t seed) {
    if (!confirmed.ran) return;
    pending.clear();
    job = std::make_unique<RandomJob<K>>(seed, confirmed.handle.max_parallelism, 300);
    job->Restore(confirmed.handle, storage, /*claim=*/true);
    // A checkpoint of states that nobody has asked for yet.
    if (seed % 2 == 0) {
      const KeyedStateHandle handle = TakeSnapshot(job->backend(), ++last_id, storage, Incremental().kind);
      ASSERT_EQ(Restored<K>(handle, storage), confirmed.expected);
      if (seed % 4 == 0) {
        ASSERT_OK(job->snapshots().NotifyComplete(last_id));
      }
    }
    job->MakeStates();
    ASSERT_EQ(job->contents(), confirmed.expected);
  }

  std::shared_ptr<InterruptingStorage> storage = std::make_shared<InterruptingStorage>();
  std::unique_ptr<RandomJob<K>> job;
  std::map<uint64_t, Pending> pending;
  Pending confirmed;
  uint64_t last_id = 0;
};

TYPED_TEST(HashMapIncrements, HoldWhatThereWasWhateverBecomesOfOthers) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Checkpoints<TypeParam> run(seed);
    for (int step = 0; step < 120 && !this->HasFatalFailure(); ++step) {
      SCOPED_TRACE(step);
      const uint64_t what = run.job->Random(20);
      if (what < 6) {
        run.job->Work(static_cast<int>(run.job->Random(60)));
      } else if (what < 11) {
        run.Begin(run.job->Random(6) == 0 ? SnapshotKind::kFullCheckpoint : SnapshotKind::kIncrementalCheckpoint);
      } else if (what < 15) {
        if (run.pending.empty()) continue;
        auto& checkpoint = run.Any();
        if (!checkpoint.ran) run.Run(checkpoint);
      } else if (what < 19) {
        if (!run.pending.empty()) run.End(/*confirm=*/what != 15);
      } else if (run.job->Random(3) == 0) {
        run.GoOn(seed * 1000 + static_cast<uint64_t>(step));
      } else if (run.job->Random(3) == 0) {
        run.job->Recreate();
      }
    }
  }
}

TYPED_TEST(HashMapIncrements, HaveOnlyWhatChanged) {
  auto storage = std::make_shared<InterruptingStorage>();
  RandomJob<TypeParam> job(3, 4, 3000);
  job.MakeStates();
  job.Work(20000);
  Contents confirmed = job.contents();
  TakeSnapshot(job.backend(), 1, storage, SnapshotKind::kFullCheckpoint);
  ASSERT_OK(job.snapshots().NotifyComplete(1));
  for (uint64_t id = 2; id <= 12; ++id) {
    SCOPED_TRACE(id);
    job.Work(100);
    Contents now = job.contents();
    ASSERT_OK_AND_ASSIGN(auto task, job.snapshots().Snapshot(id, storage, Incremental()));
    job.Work(300);
    ASSERT_OK_AND_ASSIGN(const SnapshotResult result, task->Run());
    // Some were written with what they had, and some came and went.
    EXPECT_LE(result.figures.entries_written.value(), Differences(confirmed, now) + 50);
    EXPECT_GE(result.figures.entries_written.value(), Differences(confirmed, now));
    ASSERT_EQ(Restored<TypeParam>(result.handle, storage), now);
    if (id % 3 == 0) {
      ASSERT_OK(job.snapshots().NotifyAborted(id));
    } else {
      ASSERT_OK(job.snapshots().NotifyComplete(id));
      confirmed = std::move(now);
    }
  }
}

TEST(HashMapIncrementsOfOneState, LeaveOutWhatCameAndWent) {
  auto backend = OpenHashMap<int64_t>(4);
  auto storage = MakeMemoryStorage(uint64_t{1} << 30);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<int64_t>("v")));
  ASSERT_OK_AND_ASSIGN(auto map, backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  const auto put = [&](int64_t key) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Update(key));
    ASSERT_OK(map.Put(key, key));
  };
  const auto clear = [&](int64_t key) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Clear());
    ASSERT_OK(map.Clear());
  };
  for (int64_t key = 0; key < 1000; ++key) put(key);
  TakeSnapshot(backend.backend(), 1, storage, SnapshotKind::kIncrementalCheckpoint);
  ASSERT_OK(SnapshotsOf(backend.backend()).NotifyComplete(1));
  for (int64_t key = 1000; key < 2000; ++key) put(key);
  for (int64_t key = 1000; key < 2000; ++key) clear(key);
  for (int round = 0; round < 10; ++round) {
    clear(5);
    put(5);
    clear(6);
    put(7);
  }
  ASSERT_OK_AND_ASSIGN(auto task, SnapshotsOf(backend.backend()).Snapshot(2, storage, Incremental()));
  ASSERT_OK_AND_ASSIGN(const SnapshotResult result, task->Run());
  // Of both states: 5 and 7 are written, 6 is removed.
  EXPECT_EQ(result.figures.entries_written, 6u);
  EXPECT_EQ(result.figures.files_reused, 1u);
}

TEST(HashMapIncrementsOfOneState, FoldWhereTheSameKeysChangeAgainAndAgain) {
  auto backend = OpenHashMap<int64_t>(4);
  auto storage = MakeMemoryStorage(uint64_t{1} << 30);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK_AND_ASSIGN(auto map, backend.GetState(MapStateDescriptor<int64_t, std::string>("m")));
  const auto put = [&](int64_t key, const std::string& text) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(key % 7 == 0 ? state.Clear() : state.Update(text));
    ASSERT_OK(key % 5 == 0 ? map.Remove(1) : map.Put(1, text));
  };
  for (int64_t key = 0; key < 2000; ++key) put(key, std::string(50, 'a'));
  uint64_t wholes = 0;
  KeyedStateHandle handle;
  for (uint64_t id = 1; id <= 300; ++id) {
    for (int64_t key = 0; key < 20; ++key) put(key, std::to_string(id));
    // In half of the rounds they are there again when the checkpoint is taken.
    if (id % 2 == 0) {
      ASSERT_OK(backend.SetCurrentKey(7));
      ASSERT_OK(state.Update(std::to_string(id)));
    }
    handle = TakeSnapshot(backend.backend(), id, storage, SnapshotKind::kIncrementalCheckpoint);
    if (handle.files.size() == 1) ++wholes;
    EXPECT_LE(handle.files.size(), PendingChain::kMostStreams);
    ASSERT_OK(SnapshotsOf(backend.backend()).NotifyComplete(id));
  }
  EXPECT_EQ(wholes, 1u) << "what changes is small beside the whole, which need not be written again";
  auto restored = OpenHashMap<int64_t>(4);
  ASSERT_OK(SnapshotsOf(restored.backend()).Restore({&handle, 1}, storage, {}));
  ASSERT_OK_AND_ASSIGN(auto state_again, restored.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK_AND_ASSIGN(auto map_again, restored.GetState(MapStateDescriptor<int64_t, std::string>("m")));
  Contents expected;
  AddContentsOf(*state.internal(), &expected);
  AddContentsOf(*map.internal(), &expected);
  Contents contents;
  AddContentsOf(*state_again.internal(), &contents);
  AddContentsOf(*map_again.internal(), &contents);
  EXPECT_EQ(contents, expected);
}

}  // namespace
}  // namespace kvstate::backends::hashmap

#include <random>
#include <set>
#include <thread>

#include "tests/conformance/timers_testing.h"

namespace kvstate::conformance {
namespace {

constexpr int64_t kKeys = 60;

/// A queue, and a set that must have the same.
struct Pair {
  TimerQueue* queue = nullptr;
  std::set<OneTimer> model;
};

class SnapshotTimersModelTest : public SnapshotTest {
 protected:
  static TimerStorage RandomStorage(std::mt19937_64& random) {
    return random() % 2 == 0 ? TimerStorage::kHeap : TimerStorage::kBackend;
  }
  static OneTimer RandomTimer(std::mt19937_64& random) {
    const auto key = static_cast<int64_t>(random() % kKeys) - kKeys / 2;
    return {static_cast<int64_t>(random() % 500) - 100, Encode(key), std::string(kVoid)};
  }
  static TimerList FirstOf(const std::set<OneTimer>& model) {
    return model.empty() ? TimerList() : TimerList{*model.begin()};
  }

  /// One random operation on both, whose answers must agree.
  static void Change(std::mt19937_64& random, Pair& pair) {
    const TimerList before = FirstOf(pair.model);
    const uint64_t what = random() % 16;
    if (what < 8) {
      const OneTimer timer = RandomTimer(random);
      pair.model.insert(timer);
      ASSERT_EQ(Must(pair.queue->Add(ViewOf(timer))), FirstOf(pair.model) != before);
    } else if (what < 11) {
      // One that is there, or any.
      OneTimer timer = RandomTimer(random);
      const auto at = pair.model.lower_bound(timer);
      if (at != pair.model.end() && random() % 4 != 0) timer = *at;
      pair.model.erase(timer);
      ASSERT_EQ(Must(pair.queue->Remove(ViewOf(timer))), FirstOf(pair.model) != before);
    } else if (what < 15) {
      Timer head;
      const bool any = Must(pair.queue->Poll(&head));
      ASSERT_EQ(any ? TimerList{Owned(head)} : TimerList(), before);
      if (any) pair.model.erase(pair.model.begin());
    } else {
      ASSERT_EQ(HeadOf(*pair.queue), before);
    }
  }

  static void ExpectSame(KeyedStateBackend& backend, const Pair& pair) {
    ASSERT_EQ(Must(pair.queue->Size()), pair.model.size());
    TimerList walked = Walk(*pair.queue, backend.key_group_range());
    std::sort(walked.begin(), walked.end());
    ASSERT_EQ(walked, TimerList(pair.model.begin(), pair.model.end()));
    ASSERT_EQ(HeadOf(*pair.queue), FirstOf(pair.model));
  }

  KeyedBackend<int64_t> OpenNext(const Handles& handles, bool claim, std::mt19937_64& random, Pair* pairs) {
    auto next = handles.empty() ? Open<int64_t>() : OpenRestored<int64_t>(handles, claim);
    for (const std::string name : {"one", "two"}) {
      (pairs++)->queue = &QueueOf(next.backend(), RandomStorage(random), name);
    }
    return next;
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotTimersModelTest);

TEST_P(SnapshotTimersModelTest, QueuesAreLikeSetsThroughSnapshotsAndRestores) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Pair pairs[2];
    auto backend = OpenNext({}, false, random, pairs);
    uint64_t id = 0;
    for (int round = 0; round < 24; ++round) {
      const uint64_t changes = random() % 300;
      for (uint64_t i = 0; i < changes; ++i) Change(random, pairs[random() % 2]);
      if (HasFatalFailure()) return;
      const SnapshotKind kind = kSnapshotKinds[random() % 3];
      const auto task = Begin(backend.backend(), ++id, kind);
      const std::set<OneTimer> then[2] = {pairs[0].model, pairs[1].model};
      for (uint64_t i = 0; i < changes / 2; ++i) Change(random, pairs[random() % 2]);
      const auto handle = Must(task->Run()).handle;
      for (const Pair& pair : pairs) ExpectSame(backend.backend(), pair);
      if (HasFatalFailure()) return;
      switch (random() % 4) {
        case 0:
          Must(SnapshotsOf(backend.backend()).NotifyAborted(id));
          break;
        case 1: {
          const bool claim = random() % 2 == 0;
          if (claim) Must(SnapshotsOf(backend.backend()).NotifyComplete(id));
          backend = OpenNext({handle}, claim, random, pairs);
          for (int i = 0; i < 2; ++i) pairs[i].model = then[i];
          for (const Pair& pair : pairs) ExpectSame(backend.backend(), pair);
          break;
        }
        default:
          Must(SnapshotsOf(backend.backend()).NotifyComplete(id));
      }
      if (HasFatalFailure()) return;
    }
    for (uint64_t i = 1; i <= id; ++i) RemoveFilesOf(i);
  }
}

TEST_P(SnapshotTimersModelTest, SnapshotsHaveOneMomentThoughTheOwnerGoesOn) {
  for (const TimerStorage storage : kTimerStorages) {
    SCOPED_TRACE(NameOf(storage));
    std::mt19937_64 random(7);
    auto backend = Open<int64_t>();
    Pair pair;
    pair.queue = &QueueOf(backend.backend(), storage);
    const auto fill = [&] {
      while (pair.model.size() < 3000) {
        const OneTimer timer = {static_cast<int64_t>(random() % 100'000), std::get<1>(RandomTimer(random)),
                                std::string(kVoid)};
        if (pair.model.insert(timer).second) Must(pair.queue->Add(ViewOf(timer)));
      }
    };
    fill();
    for (uint64_t id = 1; id < 8; id += 2) {
      // Two at once, of different moments.
      const auto first = Begin(backend.backend(), id, SnapshotKind::kSavepoint);
      const TimerList at_first(pair.model.begin(), pair.model.end());
      for (int i = 0; i < 50; ++i) Change(random, pair);
      const auto second = Begin(backend.backend(), id + 1, SnapshotKind::kIncrementalCheckpoint);
      const TimerList at_second(pair.model.begin(), pair.model.end());
      Result<SnapshotResult> results[2] = {InternalError("the snapshot did not run"),
                                           InternalError("the snapshot did not run")};
      std::thread one([&] { results[0] = first->Run(); });
      std::thread two([&] { results[1] = second->Run(); });
      for (int i = 0; i < 2000; ++i) Change(random, pair);
      one.join();
      two.join();
      fill();
      if (HasFatalFailure()) return;
      for (int i = 0; i < 2; ++i) {
        auto restored = OpenRestored<int64_t>({Must(std::move(results[i])).handle});
        EXPECT_EQ(PollAll(QueueOf(restored.backend(), storage)), i == 0 ? at_first : at_second);
      }
      Must(SnapshotsOf(backend.backend()).NotifyComplete(id + 1));
    }
  }
}

}  // namespace
}  // namespace kvstate::conformance

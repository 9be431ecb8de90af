#include <chrono>
#include <future>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

class SnapshotIsolationTest : public SnapshotTest {};
KVSTATE_ON_EVERY_BACKEND(SnapshotIsolationTest);

TEST_P(SnapshotIsolationTest, WhatIsWrittenAfterTheSynchronousPartIsNotInIt) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    SCOPED_TRACE(std::string(SnapshotKindName(kind)));
    Job job = NewJob();
    job.Change(1, 1500);
    const Content content = job.Read();
    const auto task = Begin(job.backend(), 1, kind);
    job.Change(2, 1500);
    const Content changed = job.Read();
    ASSERT_NE(DifferenceOf(content, changed), "");
    const Handles handles = {Must(task->Run()).handle};
    ExpectRestores(handles, content);
    EXPECT_EQ(DifferenceOf(changed, job.Read()), "") << "and the backend has what was written since";
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotIsolationTest, OverwrittenClearedAndNewKeysAreAsTheyWere) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto backend = Open<int64_t>();
    auto value = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
    auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l")));
    auto map = Must(backend.GetState(MapStateDescriptor<int64_t, std::string>("m")));
    for (int64_t key = 0; key < 4; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(value.Update(std::string("before")));
      Must(list.Update({"before"}));
      Must(map.Put(1, "before"));
      Must(map.Put(2, "before"));
    }
    const auto task = Begin(backend.backend(), 1, kind);
    Must(backend.SetCurrentKey(0));
    Must(value.Update(std::string("after")));
    Must(list.Add("after"));
    Must(map.Put(1, "after"));
    Must(map.Put(3, "after"));
    Must(backend.SetCurrentKey(1));
    Must(value.Clear());
    Must(list.Clear());
    Must(map.Remove(2));
    Must(backend.SetCurrentKey(2));
    Must(map.Clear());
    Must(value.Update(std::string("once")));
    Must(value.Update(std::string("twice")));
    Must(backend.SetCurrentKey(9));
    Must(value.Update(std::string("new")));
    auto late = Must(backend.GetState(ValueStateDescriptor<int64_t>("late")));
    Must(late.Update(1));
    const Handles handles = {Must(task->Run()).handle};

    auto restored = OpenRestored<int64_t>(handles);
    auto value_again = Must(restored.GetState(ValueStateDescriptor<std::string>("v")));
    auto list_again = Must(restored.GetState(ListStateDescriptor<std::string>("l")));
    auto map_again = Must(restored.GetState(MapStateDescriptor<int64_t, std::string>("m")));
    for (int64_t key = 0; key < 4; ++key) {
      Must(restored.SetCurrentKey(key));
      EXPECT_EQ(Current(value_again), "before");
      EXPECT_EQ(Current(list_again), std::vector<std::string>{"before"});
      EXPECT_EQ(EntriesOf(map_again), (EntryList<int64_t, std::string>{{1, "before"}, {2, "before"}}));
    }
    EXPECT_EQ(Must(restored.backend().NumEntries()), 16u);
    EXPECT_TRUE(SnapshotsOf(restored.backend()).UnclaimedStates().empty());
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotIsolationTest, AStateRemovedBeforeItRunsIsStillInIt) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    SCOPED_TRACE(std::string(SnapshotKindName(kind)));
    Job job = NewJob();
    job.Change(1, 800);
    const Content content = job.Read();
    const auto task = Begin(job.backend(), 1, kind);
    job.Clear();
    job.Change(2, 200);
    ExpectRestores({Must(task->Run()).handle}, content);
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotIsolationTest, TwoAtOnceEndInEitherOrder) {
  for (const bool second_ends_first : {false, true}) {
    for (const SnapshotKind first_kind : kSnapshotKinds) {
      for (const SnapshotKind second_kind : kSnapshotKinds) {
        SCOPED_TRACE(std::string(SnapshotKindName(first_kind)) + " and " + std::string(SnapshotKindName(second_kind)));
        JobOptions options;
        options.states = testing_support::TwoStates();
        Job job = NewJob(options);
        job.Change(1, 300);
        TakeConfirmed(job.backend(), 1, SnapshotKind::kIncrementalCheckpoint);
        job.Change(2, 200);
        const Content at_first = job.Read();
        const auto first = Begin(job.backend(), 2, first_kind);
        job.Change(3, 200);
        const Content at_second = job.Read();
        const auto second = Begin(job.backend(), 3, second_kind);
        job.Change(4, 200);
        Handles first_handles;
        if (!second_ends_first) first_handles = {Must(first->Run()).handle};
        const Handles second_handles = {Must(second->Run()).handle};
        if (second_ends_first) first_handles = {Must(first->Run()).handle};
        ExpectRestores(first_handles, at_first, options);
        ExpectRestores(second_handles, at_second, options);
        // Neither builds on the other.
        RemoveFilesOf(second_ends_first ? 3 : 2);
        ExpectRestores(second_ends_first ? first_handles : second_handles, second_ends_first ? at_first : at_second,
                       options);
        RemoveFilesOf(1);
        RemoveFilesOf(2);
        RemoveFilesOf(3);
      }
    }
  }
}

TEST_P(SnapshotIsolationTest, AnIncrementBegunBeforeAConfirmationHasAllThatItNeeds) {
  Job job = NewJob();
  job.Change(1, 500);
  Must(job.Snapshot(1, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint)));
  Must(job.NotifyComplete(1));
  job.Change(2, 100);
  const auto second = Begin(job.backend(), 2, SnapshotKind::kIncrementalCheckpoint);
  job.Change(3, 100);
  const Content content = job.Read();
  const auto third = Begin(job.backend(), 3, SnapshotKind::kIncrementalCheckpoint);
  Must(second->Run());
  Must(job.NotifyComplete(2));
  job.Change(4, 100);
  const Handles handles = {Must(third->Run()).handle};
  ExpectRestores(handles, content);
  Must(job.NotifyComplete(3));
  const Content at_fourth = job.Read();
  ExpectRestores(Must(job.Snapshot(4, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint))), at_fourth);
}

/// Those in which the asynchronous part runs on another thread.
class SnapshotBesideWritesTest : public SnapshotTest {};
KVSTATE_ON_EVERY_BACKEND(SnapshotBesideWritesTest);

TEST_P(SnapshotBesideWritesTest, WhatIsWrittenWhileItRunsIsNotInIt) {
  Job job = NewJob();
  job.Change(1, 3000);
  uint64_t id = 0;
  for (int round = 0; round < 3; ++round) {
    for (const SnapshotKind kind : kSnapshotKinds) {
      const Content content = job.Read();
      const auto task = Begin(job.backend(), ++id, kind);
      auto running = std::async(std::launch::async, [&] { return task->Run(); });
      const auto ended = [&] { return running.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
      // At least so many, and as long as it takes.
      for (uint64_t i = 0; i < 10 || !ended(); ++i) job.Change(id * 100'000 + i, 40);
      const auto result = running.get();
      ASSERT_OK(result);
      ExpectRestores({result->handle}, content);
      if (kind != SnapshotKind::kSavepoint) Must(job.NotifyComplete(id));
    }
  }
}

TEST_P(SnapshotBesideWritesTest, StatesAreRemovedAndMadeWhileItRuns) {
  Job job = NewJob();
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    job.Change(id, 1500);
    const Content content = job.Read();
    const auto task = Begin(job.backend(), ++id, kind);
    auto running = std::async(std::launch::async, [&] { return task->Run(); });
    job.Clear();
    job.Change(id, 100);
    const auto result = running.get();
    ASSERT_OK(result);
    ExpectRestores({result->handle}, content);
  }
}

TEST_P(SnapshotBesideWritesTest, SeveralRunAtOnceOnThreadsOfTheirOwn) {
  Job job = NewJob();
  job.Change(1, 1500);
  Must(job.Snapshot(1, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint)));
  Must(job.NotifyComplete(1));
  std::vector<Content> contents;
  std::vector<std::unique_ptr<SnapshotTask>> tasks;
  std::vector<std::future<Result<SnapshotResult>>> running;
  for (size_t i = 0; i < 4; ++i) {
    job.Change(10 + i, 300);
    contents.push_back(job.Read());
    tasks.push_back(Begin(job.backend(), 2 + i, kSnapshotKinds[i % kSnapshotKinds.size()]));
    running.push_back(std::async(std::launch::async, [task = tasks.back().get()] { return task->Run(); }));
  }
  job.Change(20, 300);
  for (size_t i = 0; i < running.size(); ++i) {
    const auto result = running[i].get();
    ASSERT_OK(result);
    ExpectRestores({result->handle}, contents[i]);
  }
}

}  // namespace
}  // namespace kvstate::conformance

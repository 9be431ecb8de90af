#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "tests/conformance/snapshot_testing.h"
#include "tests/support/hooked_storage.h"

namespace kvstate::conformance {
namespace {

namespace fs = std::filesystem;
using testing_support::HookedStorage;

class SnapshotTaskTest : public SnapshotTest {
 protected:
  /// A job with enough state that a snapshot writes several blocks.
  Job Filled() {
    JobOptions options;
    options.states = testing_support::TwoStates();
    Job job = NewJob(options);
    job.Change(1, 3000);
    return job;
  }
  /// Checks that a checkpoint is possible, and has everything.
  void ExpectGoesOn(Job& job, uint64_t id) {
    const Content content = job.Read();
    const auto handles = job.Snapshot(id, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint));
    ASSERT_OK(handles);
    ExpectRestores(*handles, content, job.options());
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotTaskTest);

TEST_P(SnapshotTaskTest, RunsOnce) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job job = Filled();
    const Content content = job.Read();
    const auto task = Begin(job.backend(), 1, kind);
    const Handles handles = {Must(task->Run()).handle};
    const Files files = FilesIn();
    EXPECT_CODE(task->Run(), kFailedPrecondition);
    EXPECT_EQ(FilesIn(), files);
    ExpectRestores(handles, content, job.options());
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotTaskTest, CancelledBeforeItRunsItDoesNotRun) {
  Job job = Filled();
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    const auto task = Begin(job.backend(), ++id, kind);
    task->Cancel();
    task->Cancel();
    EXPECT_CODE(task->Run(), kCancelled);
    EXPECT_TRUE(FilesIn().empty());
  }
  ExpectGoesOn(job, ++id);
}

TEST_P(SnapshotTaskTest, CancelledWhileItRunsItStopsAndLeavesNoFiles) {
  Job job = Filled();
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const int at : {1, 2, 4}) {
      std::unique_ptr<SnapshotTask> task;
      std::atomic<int> operations = 0;
      const auto hooked = std::make_shared<HookedStorage>(storage(), [&](const std::string&, const std::string&) {
        if (++operations == at) task->Cancel();
        return Status();
      });
      task = Must(job.snapshots().Snapshot(++id, hooked, OfKind(kind)));
      EXPECT_CODE(task->Run(), kCancelled);
      EXPECT_GE(operations, at);
      EXPECT_TRUE(FilesIn().empty()) << SnapshotKindName(kind) << " at " << at;
    }
  }
  ExpectGoesOn(job, ++id);
}

TEST_P(SnapshotTaskTest, CancelledAfterItEndedChangesNothing) {
  Job job = Filled();
  const Content content = job.Read();
  const auto task = Begin(job.backend(), 1, SnapshotKind::kIncrementalCheckpoint);
  const Handles handles = {Must(task->Run()).handle};
  task->Cancel();
  Must(job.NotifyComplete(1));
  ExpectRestores(handles, content, job.options());
  ExpectGoesOn(job, 2);
}

TEST_P(SnapshotTaskTest, DestroyedWithoutRunningLeavesNothing) {
  Job job = Filled();
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    Begin(job.backend(), ++id, kind).reset();
    job.Change(id, 50);
  }
  EXPECT_TRUE(FilesIn().empty());
  ExpectGoesOn(job, ++id);
}

TEST_P(SnapshotTaskTest, AFullStorageIsSaidAndLeavesNoFiles) {
  Job job = Filled();
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const uint64_t most_bytes : {1u, 1000u, 20'000u}) {
      const auto small = MakeMemoryStorage(most_bytes);
      const auto handles = job.Snapshot(++id, small, OfKind(kind));
      EXPECT_CODE(handles, kResourceExhausted);
      EXPECT_TRUE(FilesIn(*small).empty());
    }
  }
  ExpectGoesOn(job, ++id);
}

TEST_P(SnapshotTaskTest, AFailureOfTheStorageIsGivenWithTheFilesName) {
  Job job = Filled();
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    // Of several transfer threads each may fail with a file of its own.
    std::mutex mutex;
    std::vector<std::string> failed;
    const auto hooked =
        std::make_shared<HookedStorage>(storage(), [&](const std::string& operation, const std::string& path) {
          if (operation != "close") return Status();
          const std::lock_guard lock(mutex);
          failed.push_back(path);
          return UnavailableError("cannot close '" + path + "'");
        });
    const auto handles = job.Snapshot(++id, hooked, OfKind(kind));
    EXPECT_CODE(handles, kUnavailable);
    EXPECT_TRUE(std::any_of(failed.begin(), failed.end(), [&](const std::string& path) {
      return handles.status().message().find(path) != std::string_view::npos;
    })) << handles.status().ToString();
    EXPECT_TRUE(FilesIn().empty());
  }
  ExpectGoesOn(job, ++id);
}

TEST_P(SnapshotTaskTest, OutlivesItsBackend) {
  std::vector<std::unique_ptr<SnapshotTask>> tasks;
  fs::path directory;
  {
    Job job = Filled();
    directory = job.options().directory;
    uint64_t id = 0;
    for (const SnapshotKind kind : kSnapshotKinds) tasks.push_back(Begin(job.backend(), ++id, kind));
    tasks.push_back(Begin(job.backend(), ++id, SnapshotKind::kFullCheckpoint));
  }
  EXPECT_TRUE(!fs::exists(directory) || fs::is_empty(directory)) << "the backend left files for its snapshots";
  for (size_t i = 0; i < 3; ++i) EXPECT_CODE(tasks[i]->Run(), kCancelled);
  tasks[3]->Cancel();
  tasks.clear();
  EXPECT_TRUE(FilesIn().empty());
}

TEST_P(SnapshotTaskTest, OutlivesItsBackendAfterItRan) {
  std::unique_ptr<SnapshotTask> task;
  Handles handles;
  Content content;
  JobOptions options;
  {
    Job job = Filled();
    options = job.options();
    content = job.Read();
    task = Begin(job.backend(), 1, SnapshotKind::kFullCheckpoint);
    handles = {Must(task->Run()).handle};
  }
  task.reset();
  ExpectRestores(handles, content, options);
}

TEST_P(SnapshotTaskTest, HoldsOnToItsStorage) {
  Job job = Filled();
  std::weak_ptr<CheckpointStorage> watched;
  {
    auto own = MakeMemoryStorage(uint64_t{1} << 30);
    watched = own;
    const auto task = Must(job.snapshots().Snapshot(1, std::move(own), OfKind(SnapshotKind::kFullCheckpoint)));
    EXPECT_OK(task->Run());
  }
  ExpectGoesOn(job, 2);
}

TEST_P(SnapshotTaskTest, DisposingOfTheBackendEndsARunningOne) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job job = Filled();
    std::atomic<bool> running = false;
    std::atomic<bool> disposing = false;
    const auto hooked = std::make_shared<HookedStorage>(storage(), [&](const std::string&, const std::string&) {
      running = true;
      while (!disposing) std::this_thread::yield();
      // Time for Dispose to get as far as it can while this runs.
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return Status();
    });
    const auto task = Must(job.snapshots().Snapshot(1, hooked, OfKind(kind)));
    auto outcome = std::async(std::launch::async, [&] { return task->Run(); });
    while (!running) std::this_thread::yield();
    disposing = true;
    EXPECT_OK(job.backend().Dispose());
    EXPECT_TRUE(!fs::exists(job.options().directory + "/0") || fs::is_empty(job.options().directory + "/0"));
    EXPECT_CODE(outcome.get(), kCancelled);
    EXPECT_TRUE(FilesIn().empty());
  }
}

TEST_P(SnapshotTaskTest, IdsAscend) {
  Job job = Filled();
  const auto begin = [&](uint64_t id) {
    return job.snapshots().Snapshot(id, storage(), OfKind(SnapshotKind::kFullCheckpoint)).status();
  };
  EXPECT_CODE(begin(0), kInvalidArgument);
  EXPECT_OK(begin(5));
  EXPECT_CODE(begin(5), kInvalidArgument);
  EXPECT_CODE(begin(4), kInvalidArgument);
  EXPECT_OK(begin(6));
  EXPECT_OK(begin(uint64_t{1} << 40));
  EXPECT_TRUE(FilesIn().empty());
}

TEST_P(SnapshotTaskTest, WrongArgumentsAreRefused) {
  Job job = Filled();
  Snapshots& snapshots = job.snapshots();
  EXPECT_CODE(snapshots.Snapshot(1, nullptr, {}), kInvalidArgument);
  SnapshotOptions options;
  options.transfer_threads = 0;
  EXPECT_CODE(snapshots.Snapshot(1, storage(), options), kInvalidArgument);
  ExpectGoesOn(job, 1);
}

TEST_P(SnapshotTaskTest, ADisposedBackendTakesNone) {
  Job job = Filled();
  Must(job.backend().Dispose());
  EXPECT_CODE(job.snapshots().Snapshot(1, storage(), {}), kFailedPrecondition);
  EXPECT_CODE(job.snapshots().NotifyComplete(1), kFailedPrecondition);
  EXPECT_CODE(job.snapshots().NotifyAborted(1), kFailedPrecondition);
  EXPECT_CODE(job.snapshots().Restore({}, storage(), {}), kFailedPrecondition);
}

}  // namespace
}  // namespace kvstate::conformance

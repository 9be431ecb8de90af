#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

/// The figures of a snapshot beside what lies in the storage.
class SnapshotFilesTest : public SnapshotTest {
 protected:
  /// Checks a result against the files that were there `before` and are there now.
  void ExpectAddsUp(const SnapshotResult& result, const Files& before) {
    const std::set<std::pair<std::string, uint64_t>> old(before.begin(), before.end());
    std::map<std::string, uint64_t> now;
    for (const auto& [path, bytes] : FilesIn()) now[path] = bytes;
    SnapshotFigures seen;
    for (const auto& file : FilesOf(result.handle)) {
      ASSERT_TRUE(now.contains(file.first)) << file.first;
      EXPECT_EQ(now[file.first], file.second) << file.first;
      (old.contains(file) ? seen.files_reused : seen.files_new) += 1;
      (old.contains(file) ? seen.bytes_reused : seen.bytes_written) += file.second;
    }
    EXPECT_EQ(result.figures.files_new, seen.files_new);
    EXPECT_EQ(result.figures.files_reused, seen.files_reused);
    EXPECT_EQ(result.figures.bytes_written, seen.bytes_written);
    EXPECT_EQ(result.figures.bytes_reused, seen.bytes_reused);
    for (const auto& file : before) now.erase(file.first);
    EXPECT_EQ(now.size(), seen.files_new) << "every file that it wrote is in its handle";
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotFilesTest);

TEST_P(SnapshotFilesTest, FiguresAreThoseOfTheFiles) {
  Job job = NewJob();
  job.Change(1, 2500);
  uint64_t id = 0;
  for (int round = 0; round < 4; ++round) {
    for (const SnapshotKind kind : kSnapshotKinds) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + " of round " + std::to_string(round));
      job.Change(10 + id, 60);
      const Files before = FilesIn();
      const SnapshotResult result = Take(job.backend(), ++id, kind);
      ExpectAddsUp(result, before);
      EXPECT_GT(result.figures.bytes_written, 0u);
      EXPECT_GT(result.figures.asynchronous_time_ns, 0u);
      EXPECT_GT(result.figures.synchronous_time_ns, 0u);
      if (kind != SnapshotKind::kIncrementalCheckpoint) {
        EXPECT_EQ(result.figures.files_reused, 0u);
      }
      if (round < 3) Must(job.NotifyComplete(id));
    }
  }
}

TEST_P(SnapshotFilesTest, EntriesWrittenAreThoseOfTheStream) {
  auto backend = Open<int64_t>();
  auto value = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 100; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(value.Update(key));
    Must(map.Put(1, key));
    Must(map.Put(2, key));
  }
  EXPECT_EQ(Take(backend.backend(), 1, SnapshotKind::kSavepoint).figures.entries_written, 300u);
  const SnapshotResult first = TakeConfirmed(backend.backend(), 2, SnapshotKind::kIncrementalCheckpoint);
  for (int64_t key = 0; key < 5; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(value.Update(-key));
    Must(value.Update(key + 1000));
    Must(map.Remove(1));
  }
  const SnapshotResult second = Take(backend.backend(), 3, SnapshotKind::kIncrementalCheckpoint);
  const bool streams = first.handle.format == kStateStreamFormat;
  EXPECT_EQ(first.figures.entries_written, streams ? std::optional<uint64_t>(300) : std::nullopt);
  EXPECT_EQ(second.figures.entries_written, streams ? std::optional<uint64_t>(10) : std::nullopt);
}

TEST_P(SnapshotFilesTest, FilesLieWhereTheLayoutSays) {
  Job job = NewJob();
  job.Change(1, 800);
  for (uint64_t id = 1; id < 7; ++id) {
    const SnapshotKind kind = kSnapshotKinds[id % kSnapshotKinds.size()];
    job.Change(id, 100);
    const SnapshotResult result = TakeConfirmed(job.backend(), id, kind);
    std::set<std::string> names;
    for (const SnapshotFile& file : result.handle.files) {
      EXPECT_TRUE(names.insert(file.name).second || result.handle.format == kStateStreamFormat) << file.name;
      const std::string folder = CheckpointFolder(kind, id) + "/";
      EXPECT_TRUE(file.file.path.starts_with(file.shared ? "shared/" : folder)) << file.file.path;
      EXPECT_NE(file.file.path, folder + "_metadata");
      if (kind == SnapshotKind::kSavepoint) {
        EXPECT_FALSE(file.shared) << "a savepoint has its files for itself";
      }
    }
  }
  for (const auto& [path, bytes] : FilesIn(*storage(), "shared/")) {
    const uint64_t id = std::stoull(path.substr(std::string("shared/").size()));
    EXPECT_TRUE(id >= 1 && id < 7 && path.find('-') != std::string::npos) << path;
  }
}

TEST_P(SnapshotFilesTest, ReusedFilesAreNotWrittenAgain) {
  Job job = NewJob();
  job.Change(1, 2500);
  const SnapshotResult first = TakeConfirmed(job.backend(), 1, SnapshotKind::kIncrementalCheckpoint);
  job.Change(2, 30);
  const SnapshotResult second = Take(job.backend(), 2, SnapshotKind::kIncrementalCheckpoint);
  uint64_t same = 0;
  for (const SnapshotFile& file : second.handle.files) {
    const auto& old = first.handle.files;
    const auto found =
        std::find_if(old.begin(), old.end(), [&](const auto& f) { return f.file.path == file.file.path; });
    if (found == old.end()) continue;
    EXPECT_EQ(found->file, file.file);
    EXPECT_TRUE(file.shared);
    ++same;
  }
  EXPECT_EQ(second.figures.files_reused, same);
  EXPECT_GE(same, 1u);
}

TEST_P(SnapshotFilesTest, ParallelInstancesNeverGetInEachOthersWay) {
  JobOptions options;
  options.parallelism = 5;
  Job job = NewJob(options);
  const auto store = Must(CheckpointStore::Open(storage(), {}));
  for (uint64_t round = 0; round < 4; ++round) {
    job.Change(round, 600);
    ASSERT_OK(job.Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)));
  }
  const CheckpointMetadata latest = Must(store->Latest());
  std::map<std::string, int> owners;
  for (const KeyedStateHandle& handle : latest.handles) {
    for (const auto& [path, bytes] : FilesOf(handle)) EXPECT_EQ(++owners[path], 1) << path;
  }
  EXPECT_EQ(FilesIn().size(), owners.size() + 1) << "theirs and _metadata";
  ExpectRestores(latest.handles, job.Read(), options);
  EXPECT_TRUE(Must(store->RemoveOrphans()).empty());
}

TEST_P(SnapshotFilesTest, AnAbortedCheckpointLeavesWhatTheConfirmedOneHas) {
  Job job = NewJob();
  const auto store = Must(CheckpointStore::Open(storage(), {}));
  job.Change(1, 800);
  ASSERT_OK(job.Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)));
  const Content content = job.Read();
  const Files files = FilesIn();
  for (const SnapshotKind kind : kSnapshotKinds) {
    job.Change(2, 100);
    const uint64_t id = store->Begin();
    Must(job.Snapshot(id, storage(), OfKind(kind)));
    EXPECT_GT(FilesIn().size(), files.size());
    EXPECT_OK(store->Abort(id));
    EXPECT_OK(job.NotifyAborted(id));
    EXPECT_EQ(FilesIn(), files);
  }
  EXPECT_OK(VerifyCheckpoint(*storage(), Must(store->Latest())));
  ExpectRestores(Must(store->Latest()).handles, content);
}

TEST_P(SnapshotFilesTest, OneThatRunsWhileItsBaseIsSubsumedIsWholeOrDoesNotExist) {
  Job job = NewJob();
  const auto store = Must(CheckpointStore::Open(storage(), {}));
  const SnapshotOptions options = OfKind(SnapshotKind::kIncrementalCheckpoint);
  job.Change(1, 800);
  ASSERT_OK(job.Checkpoint(*store, options));
  job.Change(2, 100);
  const uint64_t second_id = store->Begin();
  const auto second = Begin(job.backend(), second_id, options.kind);
  job.Change(3, 100);
  const Content content = job.Read();
  const uint64_t third_id = store->Begin();
  const auto third = Begin(job.backend(), third_id, options.kind);
  ASSERT_OK(store->Complete(second_id, options.kind, {Must(second->Run()).handle}));
  Must(job.NotifyComplete(second_id));
  ASSERT_OK(store->Complete(third_id, options.kind, {Must(third->Run()).handle}));
  Must(job.NotifyComplete(third_id));
  EXPECT_OK(VerifyCheckpoint(*storage(), Must(store->Latest())));
  ExpectRestores(Must(store->Latest()).handles, content);
  EXPECT_EQ(FilesIn().size(), Must(store->Latest()).handles[0].files.size() + 1) << "nothing of the others is left";
}

}  // namespace
}  // namespace kvstate::conformance

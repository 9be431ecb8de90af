#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate {
namespace {

namespace fs = std::filesystem;
using conformance::Files;
using conformance::Handles;
using testing_support::Content;
using testing_support::DifferenceOf;
using testing_support::Job;
using testing_support::JobOptions;
using testing_support::Must;
using testing_support::OfKind;

constexpr int kDiskBytes = 8 << 20;

/// A storage on a file system with so little room that a snapshot does not fit beside the ballast.
class CheckpointDiskFullTest : public conformance::SnapshotTest {
 protected:
  void SetUp() override {
    disk_ = NewPath();
    fs::create_directories(disk_);
    const std::string options = "size=" + std::to_string(kDiskBytes);
    if (mount("tmpfs", disk_.c_str(), "tmpfs", 0, options.c_str()) != 0) {
      GTEST_SKIP() << "a small file system is needed, and mounting one is refused: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) {
      EXPECT_EQ(umount(disk_.c_str()), 0) << std::strerror(errno);
    }
  }

  /// Takes all the room there is but `but` bytes.
  void FillDisk(size_t but) {
    const size_t room = fs::space(disk_).available;
    std::ofstream ballast(disk_ / "ballast", std::ios::binary);
    ballast << std::string(room - std::min(room, but), 'b');
    ASSERT_TRUE(ballast.flush());
  }

  /// About a megabyte of state.
  Job Filled() {
    JobOptions options;
    options.keys = 3000;
    Job job = NewJob(options);
    job.Change(1, 12'000);
    return job;
  }

  fs::path disk_;
  bool mounted_ = false;
};
KVSTATE_ON_EVERY_BACKEND(CheckpointDiskFullTest);

TEST_P(CheckpointDiskFullTest, ASnapshotFailsCleanlyAndTheNextSucceeds) {
  Job job = Filled();
  const auto small = Must(OpenFileSystemStorage((disk_ / "storage").string()));
  uint64_t id = 0;
  for (const SnapshotKind kind : conformance::kSnapshotKinds) {
    for (const size_t room : {size_t{0}, size_t{16} << 10, size_t{200} << 10}) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", room " + std::to_string(room));
      FillDisk(room);
      const Content content = job.Read();
      const auto full = job.Snapshot(++id, small, OfKind(kind));
      EXPECT_CODE(full, kResourceExhausted);
      EXPECT_MENTIONS(full, disk_.string());
      EXPECT_TRUE(FilesIn(*small).empty()) << FilesIn(*small).front().first;
      Must(job.NotifyAborted(id));
      EXPECT_EQ(DifferenceOf(content, job.Read()), "") << "the backend goes on";
      job.Change(10 + id, 100);
      fs::remove(disk_ / "ballast");
      const Content changed = job.Read();
      const auto handles = job.Snapshot(++id, small, OfKind(kind));
      ASSERT_OK(handles);
      ExpectRestores(*handles, changed, job.options(), small);
      Must(job.NotifyAborted(id));
      for (const auto& [path, bytes] : FilesIn(*small)) Must(small->Remove(path));
    }
  }
}

TEST_P(CheckpointDiskFullTest, WhatWasConfirmedStaysAndTheIncrementComesLater) {
  Job job = Filled();
  const auto small = Must(OpenFileSystemStorage((disk_ / "storage").string()));
  const auto store = Must(CheckpointStore::Open(small, {}));
  const SnapshotOptions incremental = OfKind(SnapshotKind::kIncrementalCheckpoint);
  ASSERT_OK(job.Checkpoint(*store, incremental));
  const Content confirmed = job.Read();
  const Files files = FilesIn(*small);
  for (uint64_t round = 0; round < 3; ++round) {
    job.Change(10 + round, 3000);
    FillDisk(round << 13);
    EXPECT_CODE(job.Checkpoint(*store, incremental), kResourceExhausted);
    EXPECT_EQ(FilesIn(*small), files);
    ExpectRestores(Must(store->Latest()).handles, confirmed, job.options(), small);
    fs::remove(disk_ / "ballast");
  }
  ASSERT_OK(job.Checkpoint(*store, incremental));
  ExpectRestores(Must(store->Latest()).handles, job.Read(), job.options(), small);
  EXPECT_TRUE(Must(store->RemoveOrphans()).empty());
}

/// The same with a storage in memory that has a limit.
class CheckpointMemoryFullTest : public conformance::SnapshotTest {};
KVSTATE_ON_EVERY_BACKEND(CheckpointMemoryFullTest);

TEST_P(CheckpointMemoryFullTest, ASnapshotFailsCleanlyAndTheNextSucceeds) {
  Job job = NewJob();
  job.Change(1, 3000);
  constexpr uint64_t kLimit = 2 << 20;
  const auto small = MakeMemoryStorage(kLimit);
  uint64_t id = 0;
  for (const SnapshotKind kind : conformance::kSnapshotKinds) {
    for (const size_t room : {size_t{0}, size_t{5000}, size_t{50'000}}) {
      {
        const auto ballast = Must(small->Create("ballast"));
        Must(ballast->Append(std::string(kLimit - room, 'b')));
        Must(ballast->Close());
      }
      const auto full = job.Snapshot(++id, small, OfKind(kind));
      EXPECT_CODE(full, kResourceExhausted);
      EXPECT_MENTIONS(full, std::to_string(kLimit));
      EXPECT_EQ(FilesIn(*small).size(), 1u);
      Must(job.NotifyAborted(id));
      Must(small->Remove("ballast"));
      const Content content = job.Read();
      const auto handles = job.Snapshot(++id, small, OfKind(kind));
      ASSERT_OK(handles);
      ExpectRestores(*handles, content, {}, small);
      Must(job.NotifyAborted(id));
      for (const auto& [path, bytes] : FilesIn(*small)) Must(small->Remove(path));
    }
  }
}

}  // namespace
}  // namespace kvstate

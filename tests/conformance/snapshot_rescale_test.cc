#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

class SnapshotRescaleTest : public SnapshotTest {
 protected:
  static JobOptions Of(uint32_t parallelism, uint32_t keys) {
    JobOptions options;
    options.states = testing_support::TwoStates();
    options.parallelism = parallelism;
    options.keys = keys;
    return options;
  }

  /// All that the instances of a restored job have, with one of them at a time there, so that many cost little.
  Content ReadOneByOne(const Handles& handles, const JobOptions& like, const std::string& backend) {
    Content content;
    for (uint32_t i = 0; i < like.parallelism; ++i) {
      BackendOptions options = Options(like.key_serializer);
      options.max_parallelism = like.max_parallelism;
      options.key_groups = KeyGroupRangeOf(like.max_parallelism, like.parallelism, i);
      const auto instance = Must(Must(TestedBackends().Find(backend))->Create(options));
      Must(SnapshotsOf(*instance).Restore(handles, storage(), {}));
      uint64_t entries = 0;
      for (const testing_support::JobState& wanted : like.states) {
        InternalKVState& state = *Must(instance->GetOrCreateState(wanted.namespace_serializer, wanted.descriptor));
        for (auto& [place, value] : testing_support::ContentOf(*instance, state)) {
          const uint32_t hash = like.key_serializer->KeyHash(std::get<0>(place));
          EXPECT_TRUE(options.key_groups.Contains(KeyGroupOf(hash, like.max_parallelism)));
          EXPECT_TRUE(content[wanted.descriptor.name].emplace(place, value).second) << "in two instances";
          ++entries;
        }
      }
      EXPECT_EQ(Must(instance->NumEntries()), entries);
    }
    return content;
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotRescaleTest);

TEST_P(SnapshotRescaleTest, ASavepointRestoresOnEveryBackend) {
  Job job = NewJob();
  job.Change(1, 2500);
  const Content content = job.Read();
  const Handles handles = Must(job.Snapshot(1, storage(), OfKind(SnapshotKind::kSavepoint)));
  for (const std::string& backend : TestedBackendNames()) {
    SCOPED_TRACE(backend);
    Job restored = NewJob({}, backend);
    ASSERT_OK(restored.Restore(handles, storage(), false));
    EXPECT_EQ(DifferenceOf(content, restored.Read()), "");
    restored.Change(2, 500);
    const Content changed = restored.Read();
    const auto increment = restored.Snapshot(2, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint));
    ASSERT_OK(increment);
    Job again = NewJob({}, backend);
    ASSERT_OK(again.Restore(*increment, storage(), false));
    EXPECT_EQ(DifferenceOf(changed, again.Read()), "");
    RemoveFilesOf(2);
  }
}

TEST_P(SnapshotRescaleTest, ASavepointRestoresOnEveryBackendAtEveryParallelism) {
  for (const auto& [from, to] : {std::pair{4u, 2u}, {2u, 4u}, {2u, 2u}, {15u, 77u}, {77u, 15u}}) {
    Job job = NewJob(Of(from, 400));
    job.Change(from, 1500);
    const Content content = job.Read();
    const Handles handles = Must(job.Snapshot(1, storage(), OfKind(SnapshotKind::kSavepoint)));
    for (const std::string& backend : TestedBackendNames()) {
      SCOPED_TRACE(backend + ", " + std::to_string(from) + " to " + std::to_string(to));
      EXPECT_EQ(DifferenceOf(content, ReadOneByOne(handles, Of(to, 400), backend)), "");
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRescaleTest, ItsOwnCheckpointsRestoreAtEveryParallelism) {
  for (const auto& [from, to] : {std::pair{4u, 2u}, {2u, 4u}, {2u, 2u}, {1u, 3u}, {3u, 1u}, {15u, 77u}, {77u, 15u}}) {
    SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
    Job job = NewJob(Of(from, 400));
    job.Change(from, 1500);
    const SnapshotOptions incremental = OfKind(SnapshotKind::kIncrementalCheckpoint);
    Must(job.Snapshot(1, storage(), incremental));
    Must(job.NotifyComplete(1));
    job.Change(from + 1, 300);
    const Content content = job.Read();
    const Handles handles = Must(job.Snapshot(2, storage(), incremental));
    EXPECT_EQ(DifferenceOf(content, ReadOneByOne(handles, Of(to, 400), GetParam())), "");
    RemoveFilesOf(1);
    RemoveFilesOf(2);
  }
}

TEST_P(SnapshotRescaleTest, IncrementsGoOnAfterARescale) {
  const SnapshotOptions incremental = OfKind(SnapshotKind::kIncrementalCheckpoint);
  const auto store = Must(CheckpointStore::Open(storage(), {}));
  for (const bool claim : {false, true}) {
    auto job = std::make_unique<Job>(NewJob(Of(2, 300)));
    job->Change(1, 1200);
    for (const uint32_t parallelism : {4u, 1u, 3u, 2u}) {
      for (uint64_t round = 0; round < 3; ++round) {
        SCOPED_TRACE("before " + std::to_string(parallelism) + ", round " + std::to_string(round));
        job->Change(parallelism * 10 + round, 100);
        ASSERT_OK(job->Checkpoint(*store, incremental));
        const CheckpointMetadata latest = Must(store->Latest());
        EXPECT_EQ(DifferenceOf(job->Read(), ReadOneByOne(latest.handles, Of(3, 300), GetParam())), "");
      }
      const Content content = job->Read();
      job = std::make_unique<Job>(NewJob(Of(parallelism, 300)));
      ASSERT_OK(job->Restore(Must(store->Latest()).handles, storage(), claim));
      EXPECT_EQ(DifferenceOf(content, job->Read()), "");
    }
  }
}

TEST_P(SnapshotRescaleTest, StatesThatWereNeverAskedForAreRescaledToo) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job job = NewJob(Of(2, 300));
    job.Change(1, 1200);
    const Content content = job.Read();
    Handles handles = Must(job.Snapshot(1, storage(), OfKind(kind)));
    uint64_t id = 1;
    for (const uint32_t parallelism : {3u, 1u, 4u, 2u}) {
      Job next = NewJob(Of(parallelism, 300));
      ASSERT_OK(next.Restore(handles, storage(), true));
      Must(next.Snapshot(++id, storage(), OfKind(kind)));
      Must(next.NotifyComplete(id));
      handles = Must(next.Snapshot(++id, storage(), OfKind(kind)));
    }
    EXPECT_EQ(DifferenceOf(content, ReadOneByOne(handles, Of(2, 300), GetParam())), "");
    for (uint64_t i = 1; i <= id; ++i) RemoveFilesOf(i);
  }
}

TEST_P(SnapshotRescaleTest, HandlesOfSavepointsAndCheckpointsMayBeMixed) {
  Job job = NewJob(Of(3, 300));
  job.Change(1, 1200);
  const Content content = job.Read();
  Handles handles = Must(job.Snapshot(1, storage(), OfKind(SnapshotKind::kFullCheckpoint)));
  handles[1] = Must(job.Snapshot(2, storage(), OfKind(SnapshotKind::kSavepoint)))[1];
  for (const uint32_t parallelism : {1u, 2u, 3u}) {
    EXPECT_EQ(DifferenceOf(content, ReadOneByOne(handles, Of(parallelism, 300), GetParam())), "");
  }
}

}  // namespace
}  // namespace kvstate::conformance

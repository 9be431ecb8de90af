#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/hashmap/snapshot_testing.h"

namespace kvstate::backends::hashmap {
namespace {

template <class K>
class HashMapSnapshotIsolation : public ::testing::Test {};
using KeyTypes = ::testing::Types<int64_t, std::string>;
TYPED_TEST_SUITE(HashMapSnapshotIsolation, KeyTypes);

constexpr SnapshotKind kKinds[] = {SnapshotKind::kFullCheckpoint, SnapshotKind::kSavepoint,
                                   SnapshotKind::kIncrementalCheckpoint};

SnapshotOptions OfKind(SnapshotKind kind) {
  SnapshotOptions options;
  options.kind = kind;
  return options;
}

TYPED_TEST(HashMapSnapshotIsolation, WhatIsWrittenBesideASnapshotIsNotInIt) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    // Few key groups, so that tables are large, and grow and shrink meanwhile.
    RandomJob<TypeParam> job(seed, seed % 2 == 0 ? 1 : 5, seed % 3 == 0 ? 40 : 1500);
    auto storage = std::make_shared<InterruptingStorage>();
    job.MakeStates();
    job.Work(static_cast<int>(3000 * (seed % 3)));
    uint64_t id = 0;
    for (const SnapshotKind kind : kKinds) {
      const Contents expected = job.contents();
      ASSERT_OK_AND_ASSIGN(auto task, job.snapshots().Snapshot(++id, storage, OfKind(kind)));
      job.Work(static_cast<int>(job.Random(400)));
      storage->between = [&job] { job.Work(static_cast<int>(job.Random(300))); };
      ASSERT_OK_AND_ASSIGN(const SnapshotResult result, task->Run());
      storage->between = nullptr;
      ASSERT_EQ(Restored<TypeParam>(result.handle, storage), expected) << SnapshotKindName(kind);
      job.Work(100);
    }
  }
}

TYPED_TEST(HashMapSnapshotIsolation, SnapshotsThatOverlapEachHaveTheirOwnMoment) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    RandomJob<TypeParam> job(seed, 3, 800);
    auto storage = std::make_shared<InterruptingStorage>();
    job.MakeStates();
    job.Work(4000);
    const Contents at_first = job.contents();
    ASSERT_OK_AND_ASSIGN(auto first, job.snapshots().Snapshot(1, storage, OfKind(kKinds[seed % 3])));
    job.Work(500);
    const Contents at_second = job.contents();
    ASSERT_OK_AND_ASSIGN(auto second, job.snapshots().Snapshot(2, storage, OfKind(kKinds[(seed + 1) % 3])));
    Contents at_third;
    std::unique_ptr<SnapshotTask> third;
    Contents of_second;
    // The second runs and ends while the first does; a third begins meanwhile.
    int calls = 0;
    storage->between = [&] {
      job.Work(50);
      if (++calls != 4) return;
      at_third = job.contents();
      ASSERT_OK_AND_ASSIGN(third, job.snapshots().Snapshot(3, storage, OfKind(kKinds[(seed + 2) % 3])));
      ASSERT_OK_AND_ASSIGN(const SnapshotResult result, second->Run());
      of_second = Restored<TypeParam>(result.handle, storage);
    };
    ASSERT_OK_AND_ASSIGN(const SnapshotResult first_result, first->Run());
    ASSERT_GE(calls, 4);
    EXPECT_EQ(of_second, at_second);
    EXPECT_EQ(Restored<TypeParam>(first_result.handle, storage), at_first);
    ASSERT_OK_AND_ASSIGN(const SnapshotResult third_result, third->Run());
    EXPECT_EQ(Restored<TypeParam>(third_result.handle, storage), at_third);
  }
}

TEST(HashMapSnapshot, RemovedStatesAreInSnapshotsThatBeganBefore) {
  RandomJob<int64_t> job(7, 4, 500);
  auto storage = std::make_shared<InterruptingStorage>();
  job.MakeStates();
  job.Work(5000);
  const Contents expected = job.contents();
  ASSERT_OK_AND_ASSIGN(auto task, job.snapshots().Snapshot(1, storage, OfKind(SnapshotKind::kFullCheckpoint)));
  int calls = 0;
  storage->between = [&] {
    job.Work(100);
    if (++calls == 3) job.Recreate();
  };
  ASSERT_OK_AND_ASSIGN(const SnapshotResult result, task->Run());
  ASSERT_GE(calls, 3);
  EXPECT_EQ(Restored<int64_t>(result.handle, storage), expected);
}

TEST(HashMapSnapshot, AHugeMapIsTakenBesideWritesToIt) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto map, backend.GetState(MapStateDescriptor<int64_t, std::string>("m")));
  ASSERT_OK(backend.SetCurrentKey(1));
  for (int64_t i = 0; i < 20000; ++i) ASSERT_OK(map.Put(i * 2, "value number " + std::to_string(i)));
  Contents expected;
  AddContentsOf(*map.internal(), &expected);
  auto storage = std::make_shared<InterruptingStorage>();
  ASSERT_OK_AND_ASSIGN(auto task, SnapshotsOf(backend.backend()).Snapshot(1, storage, SnapshotOptions()));
  int calls = 0;
  storage->between = [&] {
    ++calls;
    for (int64_t i = calls; i < 40000; i += 97) {
      ASSERT_OK(i % 3 == 0 ? map.Remove(i) : map.Put(i, "another"));
    }
    if (calls == 5) {
      ASSERT_OK(map.Clear());
    }
  };
  ASSERT_OK_AND_ASSIGN(const SnapshotResult result, task->Run());
  storage->between = nullptr;
  ASSERT_GE(calls, 6);
  EXPECT_EQ(result.figures.entries_written, 20000u);

  auto restored = OpenHashMap<int64_t>(1);
  ASSERT_OK(SnapshotsOf(restored.backend()).Restore({&result.handle, 1}, storage, {}));
  ASSERT_OK_AND_ASSIGN(map, restored.GetState(MapStateDescriptor<int64_t, std::string>("m")));
  Contents contents;
  AddContentsOf(*map.internal(), &contents);
  EXPECT_EQ(contents, expected);
}

}  // namespace
}  // namespace kvstate::backends::hashmap

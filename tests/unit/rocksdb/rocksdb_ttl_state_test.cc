// RocksDB's cleanup, as a program sees it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/backends.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"
#include "kvstate/ttl_sweep.h"
#include "tests/support/must.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

using testing_support::Must;

constexpr int64_t kLives = 1000;
constexpr int64_t kKeys = 300;

class RocksDbTtlStateTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_ttl_state_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    Must(RegisterBuiltinBackends(registry_));
    ttl_.ttl_millis = kLives;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  KeyedBackend<int64_t> Open(KeyGroupRange range = {0, 127}) {
    BackendOptions options;
    options.directory = root_ / std::to_string(++opened_);
    options.key_serializer = SerializerFor<int64_t>();
    options.max_parallelism = 128;
    options.key_groups = range;
    options.clock = clock_;
    return KeyedBackend<int64_t>(Must(Must(registry_.Find("rocksdb"))->Create(options)));
  }
  template <class Descriptor>
  Descriptor WithTtl(Descriptor descriptor) {
    descriptor.ttl = ttl_;
    return descriptor;
  }
  /// Two elements each in `list`, an entry in the others.
  void Fill(KeyedBackend<int64_t>& backend) {
    auto value = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("value"))));
    auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("list"))));
    auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("map"))));
    for (int64_t key = 0; key < kKeys; ++key) {
      if (!backend.SetCurrentKey(key).ok()) continue;  // Of another instance.
      Must(value.Update("value"));
      Must(list.Add("one"));
      Must(list.Add("two"));
      Must(map.Put(key, "entry"));
    }
  }
  static void Settle(KeyedBackend<int64_t>& backend, bool sweep) {
    if (sweep) Must(GetExtension<TtlSweep>(backend.backend())->Sweep(0));
    Must(GetExtension<EngineStatistics>(backend.backend())->Flush(/*compact=*/true));
  }
  static int64_t FirstKeyOf(KeyedBackend<int64_t>& backend) {
    int64_t key = 0;
    while (!backend.SetCurrentKey(key).ok()) ++key;
    return key;
  }
  static uint64_t Stored(KeyedBackend<int64_t>& backend) { return Must(backend.backend().NumEntries()); }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(5000);
  TtlConfig ttl_;
  std::filesystem::path root_;
  BackendRegistry registry_;
  int opened_ = 0;
  uint64_t checkpoints_ = 0;
};

TEST_F(RocksDbTtlStateTest, ASweepRemovesWhatNobodyComesBackTo) {
  auto backend = Open();
  Fill(backend);
  Settle(backend, /*sweep=*/true);
  EXPECT_EQ(Stored(backend), 3u * kKeys);
  clock_->SetMillis(6000);
  Settle(backend, /*sweep=*/true);
  EXPECT_EQ(Stored(backend), 0u);
  for (const TtlFigures& figures : GetExtension<TtlSweep>(backend.backend())->Figures()) {
    EXPECT_GE(figures.filter_entries_examined.value(), uint64_t{kKeys}) << figures.state;
    EXPECT_GE(figures.filter_entries_removed.value(), uint64_t{kKeys}) << figures.state;
    EXPECT_EQ(figures.sweep_compactions.value(), 1u) << figures.state;
    EXPECT_EQ(figures.entries_examined, 0u) << "the filter serves: nothing walks the state";
  }
}

TEST_F(RocksDbTtlStateTest, WithTheFilterOffASweepOfTheEngineIsNothing) {
  ttl_.cleanup.compaction_filter = false;
  ttl_.cleanup.incremental_entries = 0;
  auto backend = Open();
  Fill(backend);
  clock_->SetMillis(6000);
  Settle(backend, /*sweep=*/true);
  EXPECT_EQ(Stored(backend), 3u * kKeys);
  for (const TtlFigures& figures : GetExtension<TtlSweep>(backend.backend())->Figures()) {
    EXPECT_FALSE(figures.filter_entries_examined.has_value());
    EXPECT_FALSE(figures.sweep_compactions.has_value());
  }
}

TEST_F(RocksDbTtlStateTest, RestoredStatesAreCleanedUpFromWhenTheyAreAskedFor) {
  const auto storage = MakeMemoryStorage(uint64_t{1} << 26);
  for (const SnapshotKind kind : {SnapshotKind::kIncrementalCheckpoint, SnapshotKind::kSavepoint}) {
    clock_->SetMillis(5000);
    // Restored as they were taken, into one from two, and into a half.
    for (const uint32_t parts : {1u, 2u}) {
      std::vector<KeyedStateHandle> handles;
      for (uint32_t part = 0; part < parts; ++part) {
        auto from = Open(parts == 1 ? KeyGroupRange{0, 127} : KeyGroupRange{part * 64, part * 64 + 63});
        clock_->SetMillis(5000);
        Fill(from);
        SnapshotOptions options;
        options.kind = kind;
        const uint64_t id = ++checkpoints_;
        handles.push_back(
            Must(Must(GetExtension<Snapshots>(from.backend())->Snapshot(id, storage, options))->Run()).handle);
      }
      for (const KeyGroupRange range : {KeyGroupRange{0, 127}, KeyGroupRange{0, 63}}) {
        clock_->SetMillis(5999);
        auto to = Open(range);
        Must(GetExtension<Snapshots>(to.backend())->Restore(handles, storage, {}));
        const uint64_t restored = Stored(to);
        EXPECT_GT(restored, uint64_t{kKeys});
        clock_->SetMillis(6000);
        Settle(to, /*sweep=*/true);
        EXPECT_EQ(Stored(to), restored) << "nobody knows their time to live";
        auto value = Must(to.GetState(WithTtl(ValueStateDescriptor<std::string>("value"))));
        Must(to.GetState(WithTtl(ListStateDescriptor<std::string>("list"))));
        Must(to.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("map"))));
        clock_->SetMillis(6500);
        Must(to.SetCurrentKey(FirstKeyOf(to)));
        Must(value.Update("new"));
        // Files that a restore wrote say nothing of times: they count as written when the state was asked for.
        clock_->SetMillis(7000);
        Settle(to, /*sweep=*/true);
        EXPECT_EQ(Stored(to), 1u);
        EXPECT_EQ(*Must(value.Get()), "new");
      }
    }
  }
}

}  // namespace
}  // namespace kvstate

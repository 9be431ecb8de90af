#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/savepoint_reader.h"
#include "tests/conformance/snapshot_testing.h"
#include "tests/conformance/ttl_subject.h"
#include "tests/conformance/ttl_testing.h"

namespace kvstate::conformance {
namespace {

using TextValue = ValueStateDescriptor<std::string>;
using TextList = ListStateDescriptor<std::string>;
using TextMap = MapStateDescriptor<std::string, std::string>;
using Texts = std::vector<std::string>;

class TtlSnapshotTest : public OnManualClock<SnapshotTest> {
 protected:
  struct States {
    ValueState<std::string> value;
    ListState<std::string> list;
    MapState<std::string, std::string> map;
  };
  static States StatesOf(KeyedBackend<std::string>& backend, const TtlConfig& ttl = Uncleaned()) {
    States states;
    states.value = Must(backend.GetState(WithTtl(TextValue("value"), ttl)));
    states.list = Must(backend.GetState(WithTtl(TextList("list"), ttl)));
    states.map = Must(backend.GetState(WithTtl(TextMap("map"), ttl)));
    return states;
  }
  /// Of 20 keys: a value of the first time for even, the second for odd ones; list and map of both times.
  void Fill(KeyedBackend<std::string>& backend, States& states) {
    for (int round = 0; round < 2; ++round) {
      clock().SetMillis(kStart + 50 * round);
      for (int n = 0; n < 20; ++n) {
        Must(backend.SetCurrentKey("k" + std::to_string(n)));
        if (n % 2 == round) Must(states.value.Update("v"));
        Must(states.list.Add("l" + std::to_string(round)));
        Must(states.map.Put("u" + std::to_string(round), "m"));
      }
    }
  }
  /// What there is at that time of what Fill wrote.
  void ExpectFilled(KeyedBackend<std::string>& backend, States& states, int64_t now) {
    SCOPED_TRACE("at " + std::to_string(now));
    clock().SetMillis(now);
    const bool first = now < kStart + kTtl;
    const bool second = now < kStart + 50 + kTtl;
    Texts list;
    EntryList<std::string, std::string> map;
    if (first) list.push_back("l0"), map.emplace_back("u0", "m");
    if (second) list.push_back("l1"), map.emplace_back("u1", "m");
    for (int n = 0; n < 20; ++n) {
      Must(backend.SetCurrentKey("k" + std::to_string(n)));
      ASSERT_EQ(Current(states.value).has_value(), n % 2 == 0 ? first : second) << n;
      ASSERT_EQ(Current(states.list).value_or(Texts()), list) << n;
      ASSERT_EQ(EntriesOf(states.map), map) << n;
    }
  }
  KeyedBackend<std::string> RestoredOn(const std::string& name, const Handles& handles) {
    auto made = Must(TestedBackends().Find(name))->Create(Options(SerializerFor<std::string>()));
    KeyedBackend<std::string> backend(Must(std::move(made)));
    Must(SnapshotsOf(backend.backend()).Restore(handles, storage(), RestoreOptions()));
    return backend;
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlSnapshotTest);

TEST_P(TtlSnapshotTest, ARestoredValueExpiresAtItsOriginalTime) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    SCOPED_TRACE(SnapshotKindName(kind));
    auto first = Open<std::string>();
    States states = StatesOf(first);
    Fill(first, states);
    const SnapshotResult result = Take(first.backend(), 1, kind);
    auto restored = OpenRestored<std::string>({result.handle});
    States again = StatesOf(restored);
    for (const int64_t now : {1050, 1099, 1100, 1149, 1150}) ExpectFilled(restored, again, now);
    RemoveFilesOf(1);
  }
}

TEST_P(TtlSnapshotTest, AnIncrementHasNewTimesWhereNothingElseChanged) {
  auto first = Open<std::string>();
  States states = StatesOf(first, RefreshedByReads());
  Fill(first, states);
  TakeConfirmed(first.backend(), 1, SnapshotKind::kIncrementalCheckpoint);
  clock().SetMillis(1090);
  for (const char* key : {"k0", "k1"}) {
    Must(first.SetCurrentKey(key));
    EXPECT_EQ(Current(states.value), "v");
    EXPECT_EQ(Current(states.list), (Texts{"l0", "l1"}));
    EXPECT_EQ(Current(states.map, std::string("u0")), "m");
  }
  const SnapshotResult result = TakeConfirmed(first.backend(), 2, SnapshotKind::kIncrementalCheckpoint);
  auto restored = OpenRestored<std::string>({result.handle});
  States again = StatesOf(restored, RefreshedByReads());
  clock().SetMillis(1189);
  EXPECT_EQ(KeysOf(restored.backend(), "value", kVoid).size(), 2u) << "those that were read";
  Must(restored.SetCurrentKey("k1"));
  EXPECT_EQ(Current(again.list), (Texts{"l0", "l1"}));
  EXPECT_EQ(EntriesOf(again.map).size(), 1u);
  Must(restored.SetCurrentKey("k2"));
  EXPECT_EQ(Current(again.list), std::nullopt);
}

TEST_P(TtlSnapshotTest, ASavepointKeepsTimesOnEveryBackend) {
  auto first = Open<std::string>();
  States states = StatesOf(first);
  Fill(first, states);
  const SnapshotResult result = Take(first.backend(), 1, SnapshotKind::kSavepoint);
  for (const std::string& name : TestedBackendNames()) {
    SCOPED_TRACE(name);
    auto restored = RestoredOn(name, {result.handle});
    States again = StatesOf(restored);
    for (const int64_t now : {1099, 1100, 1149, 1150}) ExpectFilled(restored, again, now);
  }
}

TEST_P(TtlSnapshotTest, FullSnapshotsLeaveOutWhatHasExpiredWhereTheyAreToldTo) {
  for (const bool left_out : {true, false}) {
    SCOPED_TRACE(left_out);
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.in_full_snapshots = left_out;
    auto first = Open<std::string>();
    States states = StatesOf(first, ttl);
    Fill(first, states);
    clock().SetMillis(kStart + kTtl);
    EXPECT_EQ(Must(first.backend().NumEntries()), 80u);
    const SnapshotResult result = Take(first.backend(), 1, SnapshotKind::kSavepoint);
    EXPECT_EQ(Must(first.backend().NumEntries()), 80u) << "the live state stays as it is";
    // Values and map entries of the second time; each list has lost an element.
    EXPECT_EQ(result.figures.entries_written, left_out ? 50u : 80u);
    auto restored = OpenRestored<std::string>({result.handle});
    EXPECT_EQ(Must(restored.backend().NumEntries()), left_out ? 50u : 80u);
    States again = StatesOf(restored, ttl);
    ExpectFilled(restored, again, kStart + kTtl);
    ExpectFilled(restored, again, kStart + kTtl + 49);
    ExpectFilled(first, states, kStart + kTtl);
    RemoveFilesOf(1);
  }
}

TEST_P(TtlSnapshotTest, ListsInFullSnapshotsLoseTheirExpiredElements) {
  TtlConfig ttl = Uncleaned();
  ttl.visibility = TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  ttl.cleanup.in_full_snapshots = true;
  auto first = Open<std::string>();
  auto list = Must(first.GetState(WithTtl(TextList("list"), ttl)));
  Must(first.SetCurrentKey("k"));
  for (const auto& [time, text] : std::vector<std::pair<int64_t, std::string>>{{1050, "a"}, {1000, "b"}, {1040, "c"}}) {
    clock().SetMillis(time);
    Must(list.Add(text));
  }
  clock().SetMillis(1100);
  const SnapshotResult result = Take(first.backend(), 1, SnapshotKind::kSavepoint);
  auto restored = OpenRestored<std::string>({result.handle});
  auto again = Must(restored.GetState(WithTtl(TextList("list"), ttl)));
  Must(restored.SetCurrentKey("k"));
  EXPECT_EQ(Current(again), (Texts{"a", "c"}));
}

TEST_P(TtlSnapshotTest, ASnapshotBesideExpiryAndCleanupHasItsMoment) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    SCOPED_TRACE(SnapshotKindName(kind));
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.incremental_entries = 100;
    auto first = Open<std::string>();
    States states = StatesOf(first, ttl);
    Fill(first, states);
    const auto task = Begin(first.backend(), 1, kind);
    clock().SetMillis(kStart + 50 + kTtl);
    SweepAll(first.backend());
    EXPECT_EQ(Must(first.backend().NumEntries()), 0u);
    const SnapshotResult result = Must(task->Run());
    auto restored = OpenRestored<std::string>({result.handle});
    States again = StatesOf(restored, ttl);
    for (const int64_t now : {1099, 1149}) ExpectFilled(restored, again, now);
    RemoveFilesOf(1);
  }
}

TEST_P(TtlSnapshotTest, CleanupGoesOnAfterARestore) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    SCOPED_TRACE(SnapshotKindName(kind));
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.incremental_entries = 100;
    auto first = Open<std::string>();
    States states = StatesOf(first, ttl);
    Fill(first, states);
    const SnapshotResult result = TakeConfirmed(first.backend(), 1, kind);
    auto restored = OpenRestored<std::string>({result.handle}, true);
    StatesOf(restored, ttl);
    clock().SetMillis(kStart + kTtl);
    SweepAll(restored.backend());
    EXPECT_EQ(Must(restored.backend().NumEntries()), 50u);
    const SnapshotResult next = Take(restored.backend(), 2, SnapshotKind::kIncrementalCheckpoint);
    auto last = OpenRestored<std::string>({next.handle});
    EXPECT_EQ(Must(last.backend().NumEntries()), 50u) << "removals are in an increment too";
    States again = StatesOf(last, ttl);
    ExpectFilled(last, again, kStart + kTtl);
    RemoveFilesOf(1);
    RemoveFilesOf(2);
  }
}

}  // namespace
}  // namespace kvstate::conformance

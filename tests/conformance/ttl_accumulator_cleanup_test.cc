#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

#include "kvstate/engine_statistics.h"
#include "tests/conformance/snapshot_testing.h"
#include "tests/conformance/ttl_subject.h"
#include "tests/conformance/ttl_testing.h"
#include "tests/support/present.h"

namespace kvstate::conformance {
namespace {

using testing_support::Present;

constexpr std::array kAccumulators = {StateKind::kReducing, StateKind::kAggregating, StateKind::kFolding};
constexpr int kKeys = 100;

/// Accumulators of a hundred keys, of which every other one is renewed and then lives alone.
class TtlAccumulatorCleanupTest : public OnManualClock<SnapshotTest> {
 protected:
  static TtlConfig Incremental() {
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.incremental_entries = 5;
    return ttl;
  }
  static InternalAppendingState& StateOf(KeyedBackend<std::string>& backend, StateKind kind, const TtlConfig& ttl) {
    return static_cast<InternalAppendingState&>(
        *Must(backend.backend().GetOrCreateState(RawBytesSerializer(), TtlSubjectDescriptor(kind, ttl))));
  }
  static void SetKey(KeyedBackend<std::string>& backend, InternalAppendingState& state, int key) {
    Must(backend.SetCurrentKey("key " + std::to_string(key)));
    Must(state.SetCurrentNamespace("n"));
  }
  void Fill(KeyedBackend<std::string>& backend, InternalAppendingState& state) {
    for (const int step : {1, 2}) {
      for (int key = 0; key < kKeys; key += step) {
        SetKey(backend, state, key);
        const std::string text = "+" + std::to_string(key);
        Must(state.Add(&text));
      }
      clock().AdvanceMillis(kTtl / 2);
    }
  }
  /// Without a read through the state.
  static void ExpectRenewedAlone(KeyedBackend<std::string>& backend) {
    EXPECT_EQ(Must(backend.backend().NumEntries()), uint64_t{kKeys / 2});
  }
  static void ExpectContent(KeyedBackend<std::string>& backend, InternalAppendingState& state, StateKind kind) {
    const std::string initial = kind == StateKind::kReducing ? "" : "@";
    for (int key = 0; key < kKeys; ++key) {
      SCOPED_TRACE("key " + std::to_string(key));
      SetKey(backend, state, key);
      const auto* there = static_cast<const std::string*>(Must(state.GetInternal()));
      ASSERT_EQ(there != nullptr, key % 2 == 0);
      const std::string once = "+" + std::to_string(key);
      if (there != nullptr) {
        EXPECT_EQ(*there, initial + once + once);
      }
      const std::string text = "new";
      Must(state.Add(&text));
      const std::string before = key % 2 == 0 ? once + once : "";
      EXPECT_EQ(Present(static_cast<const std::string*>(Must(state.GetInternal()))), initial + before + "new");
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlAccumulatorCleanupTest);

TEST_P(TtlAccumulatorCleanupTest, ASweepRemovesWhatHasExpiredAndNothingElse) {
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    auto backend = OpenRaw();
    InternalAppendingState& state = StateOf(backend, kind, Incremental());
    Fill(backend, state);
    EXPECT_EQ(Must(backend.backend().NumEntries()), uint64_t{kKeys});
    SweepAll(backend.backend());
    ExpectRenewedAlone(backend);
    ExpectContent(backend, state, kind);
  }
}

TEST_P(TtlAccumulatorCleanupTest, InputsToOneKeyCleanTheOthers) {
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    auto backend = OpenRaw();
    InternalAppendingState& state = StateOf(backend, kind, Incremental());
    Fill(backend, state);
    SetKey(backend, state, kKeys);
    const std::string text = "hot";
    for (int i = 0; i < 20000 && Must(backend.backend().NumEntries()) > 1; i += 500) {
      for (int n = 0; n < 500; ++n) Must(state.UpdateInternal(&text));
      clock().AdvanceMillis(kTtl / 4);
    }
    EXPECT_EQ(Must(backend.backend().NumEntries()), 1u);
    EXPECT_EQ(Present(static_cast<const std::string*>(Must(state.GetInternal()))), "hot");
  }
}

TEST_P(TtlAccumulatorCleanupTest, ASavepointLeavesOutWhatHasExpired) {
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    auto backend = OpenRaw();
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.in_full_snapshots = true;
    Fill(backend, StateOf(backend, kind, ttl));
    const SnapshotResult result = Take(backend.backend(), 1, SnapshotKind::kSavepoint);
    EXPECT_EQ(result.figures.entries_written, uint64_t{kKeys / 2});
    auto restored = OpenRaw();
    Must(SnapshotsOf(restored.backend()).Restore(Handles{result.handle}, storage(), {}));
    ExpectRenewedAlone(restored);
    ExpectContent(restored, StateOf(restored, kind, ttl), kind);
    RemoveFilesOf(1);
  }
}

TEST_P(TtlAccumulatorCleanupTest, CompactionsDropWhatHasExpiredWhereTheyMay) {
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    auto backend = OpenRaw();
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.compaction_filter = true;
    ttl.cleanup.compaction_filter_query_entries = 1;
    const auto made = backend.backend().GetOrCreateState(RawBytesSerializer(), TtlSubjectDescriptor(kind, ttl));
    if (made.status().code() == StatusCode::kInvalidArgument) {
      EXPECT_NE(GetParam(), "rocksdb");
      continue;
    }
    auto& state = static_cast<InternalAppendingState&>(*Must(made));
    Fill(backend, state);
    Must(GetExtension<EngineStatistics>(backend.backend())->Flush(/*compact=*/true));
    ExpectRenewedAlone(backend);
    ExpectContent(backend, state, kind);
  }
}

}  // namespace
}  // namespace kvstate::conformance

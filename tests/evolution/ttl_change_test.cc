#include <string>

#include "tests/evolution/evolving_program.h"

namespace kvstate::conformance {
namespace {

using Before = EvolvingProgram<Bid1, int8_t>;
using After = EvolvingProgram<Bid2, int64_t>;

constexpr int64_t kTtl = 1000;

template <class Program>
Program WithTtl(std::optional<int64_t> ttl_millis) {
  Program program;
  if (ttl_millis.has_value()) program.ttl.emplace().ttl_millis = *ttl_millis;
  return program;
}

/// A time to live that comes, goes or changes between a snapshot and its restore.
class TtlChangeTest : public EvolvingTest {
 protected:
  /// A savepoint of `source` with values written now.
  Handles SavedBy(const std::string& source, std::optional<int64_t> ttl_millis) {
    auto before = OpenOn(source);
    WithTtl<Before>(ttl_millis).Fill(before);
    return Save(before);
  }
  /// Values written now and then: of even keys now, of odd ones `later`.
  Handles SavedApart(const Before& program, int64_t later, SnapshotKind kind) {
    auto before = OpenOn(GetParam());
    for (int32_t key = 0; key < Before::kKeys; key += 2) program.FillKey(before, key);
    clock_->AdvanceMillis(later);
    for (int32_t key = 1; key < Before::kKeys; key += 2) program.FillKey(before, key);
    // Two files of an engine, with parts of lists in both.
    if (auto* engine = GetExtension<EngineStatistics>(before.backend())) Must(engine->Flush(/*compact=*/false));
    for (int32_t key = 0; key < Before::kKeys; ++key) {
      Must(before.SetCurrentKey(key));
      Must(Must(before.GetState(program.List())).Add(Bid1{2, key}));
    }
    return Save(before, kind);
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlChangeTest);

TEST_P(TtlChangeTest, WhatHadNoTimeCountsAsWrittenWhenItIsAskedFor) {
  for (const std::string& source : TestedBackendNames()) {
    SCOPED_TRACE("from " + source);
    const Handles handles = SavedBy(source, std::nullopt);
    clock_->AdvanceMillis(5 * kTtl);
    const auto program = WithTtl<Before>(kTtl);
    auto after = Restored(handles);
    program.Expect(after);
    clock_->AdvanceMillis(kTtl - 1);
    program.Expect(after);
    auto again = Restored(Save(after), false, source);
    program.Expect(again);
    clock_->AdvanceMillis(1);
    program.ExpectNothing(after);
    program.ExpectNothing(again);
  }
}

TEST_P(TtlChangeTest, WithoutATimeToLiveWhatIsLeftStaysForEver) {
  for (const std::string& source : TestedBackendNames()) {
    SCOPED_TRACE("from " + source);
    const Handles handles = SavedBy(source, kTtl);
    clock_->AdvanceMillis(kTtl - 1);
    auto after = Restored(handles);
    Before().Expect(after);
    clock_->AdvanceMillis(100 * kTtl);
    Before().Expect(after);
    auto too_late = Restored(handles);
    Before().ExpectNothing(too_late);
    EXPECT_EQ(Must(too_late.backend().NumEntries()), 0u);
  }
}

TEST_P(TtlChangeTest, TypesChangeAtTheSameTime) {
  for (const bool had : {false, true}) {
    for (const bool has : {false, true}) {
      if (!had && !has) continue;
      for (const std::string& source : TestedBackendNames()) {
        SCOPED_TRACE("from " + source + (had ? ", with" : ", without") + (has ? " to with" : " to without"));
        const Handles handles = SavedBy(source, had ? std::optional(kTtl) : std::nullopt);
        const auto program = WithTtl<After>(has ? std::optional(kTtl) : std::nullopt);
        auto after = Restored(handles);
        program.Expect(after);
        clock_->AdvanceMillis(kTtl);
        has ? program.ExpectNothing(after) : program.Expect(after);
      }
    }
  }
}

TEST_P(TtlChangeTest, OfEachElementWhatHasExpiredIsDroppedWhenTheTimeToLiveGoesOrGrows) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    for (const std::optional<int64_t> grown : {std::optional<int64_t>(), std::optional<int64_t>(100 * kTtl)}) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + (grown.has_value() ? ", grown" : ", gone"));
      const Handles handles = SavedApart(WithTtl<Before>(kTtl), kTtl - 1, kind);
      clock_->AdvanceMillis(1);
      const auto program = WithTtl<Before>(grown);
      auto after = Restored(handles);
      auto value = Must(after.GetState(program.Value()));
      auto list = Must(after.GetState(program.List()));
      auto map = Must(after.GetState(program.Map()));
      auto reducing = Must(after.GetState(program.Reducing()));
      for (int32_t key = 0; key < Before::kKeys; ++key) {
        SCOPED_TRACE("key " + std::to_string(key));
        Must(after.SetCurrentKey(key));
        const bool lives = key % 2 == 1;
        EXPECT_EQ(Current(value).has_value(), lives);
        using Elements = std::vector<Bid1>;
        EXPECT_TRUE(Current(list) == (lives ? Elements{{1, key}, {2, key}} : Elements{{2, key}}));
        EXPECT_EQ(EntriesOf(map).size(), lives ? 2u : 0u);
        EXPECT_EQ(Current(reducing).has_value(), lives);
      }
    }
  }
}

TEST_P(TtlChangeTest, AShorterOneCountsFromTheLastUpdate) {
  const Handles handles = SavedBy(GetParam(), kTtl);
  const auto program = WithTtl<Before>(kTtl / 2);
  auto after = Restored(handles);
  clock_->AdvanceMillis(kTtl / 2 - 1);
  program.Expect(after);
  clock_->AdvanceMillis(1);
  program.ExpectNothing(after);
}

TEST_P(TtlChangeTest, LaterIncrementsAreOfTheNewFormatAlone) {
  for (const bool comes : {true, false}) {
    SCOPED_TRACE(comes ? "comes" : "goes");
    const auto program = WithTtl<Before>(comes ? std::nullopt : std::optional(kTtl));
    const auto later = WithTtl<Before>(comes ? std::optional(kTtl) : std::nullopt);
    auto before = OpenOn(GetParam());
    program.Fill(before);
    auto after = Restored(Save(before, SnapshotKind::kIncrementalCheckpoint), /*claim=*/true);
    later.Expect(after);
    for (int increments = 0; increments < 3; ++increments) {
      Must(after.SetCurrentKey(increments));
      Must(Must(after.GetState(later.Value())).Update(Bid1{increments, -increments}));
      auto again = Restored(Save(after, SnapshotKind::kIncrementalCheckpoint));
      later.Expect(again);
    }
    clock_->AdvanceMillis(kTtl);
    comes ? later.ExpectNothing(after) : later.Expect(after);
  }
}

TEST_P(TtlChangeTest, ADifferentTimeToLiveStandsInTheNextIncrement) {
  auto before = OpenOn(GetParam());
  WithTtl<Before>(kTtl).Fill(before);
  const auto program = WithTtl<Before>(kTtl / 2);
  auto after = Restored(Save(before, SnapshotKind::kIncrementalCheckpoint), /*claim=*/true);
  program.Expect(after);
  const Handles handles = Save(after, SnapshotKind::kIncrementalCheckpoint);
  const StoredFormat format = StoredFormat::Of(StateNamed(handles, "v").value_serializer);
  EXPECT_EQ(format.form, StoredFormat::Form::kTimed);
  EXPECT_EQ(format.ttl_millis, kTtl / 2);
  auto again = Restored(handles);
  program.Expect(again);
}

}  // namespace
}  // namespace kvstate::conformance

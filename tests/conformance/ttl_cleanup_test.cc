#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/engine_statistics.h"
#include "tests/conformance/ttl_testing.h"

namespace kvstate::conformance {
namespace {

using TextValue = ValueStateDescriptor<std::string>;

class TtlCleanupTest : public TtlTest {
 protected:
  static TtlConfig Incremental(uint32_t entries = 5) {
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.incremental_entries = entries;
    return ttl;
  }
  void Fill(KeyedBackend<int64_t>& backend, ValueState<std::string>& state, int64_t keys) {
    for (int64_t key = 0; key < keys; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Update("text"));
    }
  }
  static uint64_t Entries(KeyedBackend<int64_t>& backend) { return Must(backend.backend().NumEntries()); }
};
KVSTATE_ON_EVERY_BACKEND(TtlCleanupTest);

TEST_P(TtlCleanupTest, AccessesToOneKeyCleanTheOthers) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), Incremental())));
  Fill(backend, state, 500);
  Must(backend.SetCurrentKey(-1));
  // A little at a time: no pass begins before it can find much expired.
  for (int i = 0; i < 20000 && Entries(backend) > 1; i += 500) {
    for (int n = 0; n < 500; ++n) Must(state.Update("hot"));
    clock().AdvanceMillis(kTtl / 4);
  }
  EXPECT_EQ(Entries(backend), 1u);
  EXPECT_EQ(Current(state), "hot");
  const std::vector<TtlFigures> figures = SweepOf(backend.backend()).Figures();
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(figures[0].state, "v");
  EXPECT_EQ(figures[0].entries_removed, 500u);
  EXPECT_GE(figures[0].entries_examined, 500u);
  EXPECT_GE(figures[0].passes, 1u);
}

TEST_P(TtlCleanupTest, ReadsCleanToo) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), Incremental())));
  Fill(backend, state, 300);
  Must(backend.SetCurrentKey(-1));
  for (int i = 0; i < 20000 && Entries(backend) > 0; i += 500) {
    for (int n = 0; n < 500; ++n) ASSERT_EQ(Must(state.Get()), nullptr);
    clock().AdvanceMillis(kTtl / 4);
  }
  EXPECT_EQ(Entries(backend), 0u);
}

TEST_P(TtlCleanupTest, RecordsCleanWhereTheyAreToldTo) {
  for (const bool per_record : {true, false}) {
    auto backend = Open<int64_t>();
    TtlConfig ttl = Incremental();
    ttl.cleanup.incremental_per_record = per_record;
    auto state = Must(backend.GetState(WithTtl(TextValue("v"), ttl)));
    Fill(backend, state, 300);
    for (int64_t i = 0; i < 20000 && Entries(backend) > 0; i += 500) {
      for (int64_t n = 0; n < 500; ++n) Must(backend.SetCurrentKey(i + n));
      clock().AdvanceMillis(kTtl / 4);
    }
    EXPECT_EQ(Entries(backend), per_record ? 0u : 300u);
  }
}

TEST_P(TtlCleanupTest, WithoutCleanupNothingGoesButWhatIsMet) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"))));
  Fill(backend, state, 100);
  clock().AdvanceMillis(kTtl);
  for (int64_t key = 1000; key < 3000; ++key) {
    Must(backend.SetCurrentKey(key % 7 + 5000));
    Must(state.Update("new"));
  }
  EXPECT_EQ(Entries(backend), 107u);
}

TEST_P(TtlCleanupTest, ASweepIsBoundedAndComesToAnEnd) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), Incremental())));
  Fill(backend, state, 500);
  clock().AdvanceMillis(kTtl);
  TtlSweep& sweep = SweepOf(backend.backend());
  uint64_t before = sweep.Figures()[0].entries_examined;
  int calls = 0;
  while (!Must(sweep.Sweep(20))) {
    ASSERT_LT(++calls, 1000);
    const uint64_t now = sweep.Figures()[0].entries_examined;
    EXPECT_LE(now - before, 40u) << "about what it was asked for";
    before = now;
  }
  EXPECT_GE(calls, 12);
  EXPECT_EQ(Entries(backend), 0u);
}

TEST_P(TtlCleanupTest, ASweepOfWhatLivesRemovesNothing) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), Incremental())));
  auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("l"), Incremental())));
  Fill(backend, state, 100);
  for (int64_t key = 0; key < 50; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(list.Add("x"));
  }
  clock().AdvanceMillis(kTtl - 1);
  SweepAll(backend.backend());
  EXPECT_EQ(Entries(backend), 150u);
  for (int64_t key = 0; key < 50; ++key) {
    Must(backend.SetCurrentKey(key));
    ASSERT_EQ(Current(state), "text");
    ASSERT_EQ(Current(list), std::vector<std::string>{"x"});
  }
  for (const TtlFigures& figures : SweepOf(backend.backend()).Figures()) EXPECT_EQ(figures.entries_removed, 0u);
}

TEST_P(TtlCleanupTest, FiguresAreOfEachStateWithATimeToLive) {
  auto backend = Open<int64_t>();
  EXPECT_TRUE(Must(SweepOf(backend.backend()).Sweep(10))) << "there is nothing to do";
  EXPECT_TRUE(SweepOf(backend.backend()).Figures().empty());
  Must(backend.GetState(WithTtl(TextValue("b"), Incremental())));
  Must(backend.GetState(TextValue("without")));
  Must(backend.GetState(WithTtl(TextValue("a"), Incremental())));
  const auto names = [&] {
    std::vector<std::string> all;
    for (const TtlFigures& figures : SweepOf(backend.backend()).Figures()) all.push_back(figures.state);
    return all;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"b", "a"}));
  Must(backend.backend().RemoveState("b"));
  EXPECT_EQ(names(), (std::vector<std::string>{"a"}));
  SweepAll(backend.backend());
  Must(backend.backend().Dispose());
  EXPECT_CODE(SweepOf(backend.backend()).Sweep(1), kFailedPrecondition);
}

TEST_P(TtlCleanupTest, CleanupBesideWalksDisturbsNone) {
  auto backend = Open<int64_t>();
  TtlConfig ttl = Incremental(50);
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), ttl)));
  auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, int64_t>("m"), ttl)));
  for (int64_t n = 0; n < 200; ++n) {
    clock().SetMillis(n % 2 == 0 ? kStart : kStart + 50);
    Must(backend.SetCurrentKey(n));
    Must(state.Update("text"));
    Must(backend.SetCurrentKey(7));
    Must(map.Put(n, n));
  }
  clock().SetMillis(kStart + kTtl);
  const auto keys = Must(backend.backend().Keys("v", kVoid));
  const auto visitor = Must(state.internal()->Visit());
  auto entries = Must(map.Entries());
  int64_t walked = 0;
  int64_t visited = 0;
  for (int64_t n = 1; n < 200; n += 2, ++walked) {
    ASSERT_TRUE(Must(keys->Next()));
    ASSERT_TRUE(Must(entries.Next()));
    EXPECT_EQ(*Must(entries.Key()), n);
    visited += static_cast<int64_t>(Must(visitor->NextBatch(3)).size());
    Must(SweepOf(backend.backend()).Sweep(30));
    Must(state.Get());
  }
  EXPECT_FALSE(Must(keys->Next()));
  EXPECT_FALSE(Must(entries.Next()));
  EXPECT_EQ(visited, 100);
}

TEST_P(TtlCleanupTest, APointerThatAReadGaveLivesThroughTheSweepOfOthers) {
  auto backend = Open<int64_t>();
  auto swept = Must(backend.GetState(WithTtl(TextValue("swept"), Incremental(100))));
  auto kept = Must(backend.GetState(WithTtl(TextValue("kept"), Incremental(100))));
  Fill(backend, swept, 300);
  Must(kept.Update(std::string(100, 'k')));
  clock().AdvanceMillis(kTtl - 1);
  const std::string* value = Must(kept.Get());
  for (int i = 0; i < 300; ++i) {
    if (i == 100) clock().AdvanceMillis(1);
    Must(swept.Get());
  }
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(*value, std::string(100, 'k')) << "calls on another state do not touch it";
}

}  // namespace
}  // namespace kvstate::conformance

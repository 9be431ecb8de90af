#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/ttl_state_testing.h"

namespace kvstate::conformance {
namespace {

using Strings = std::vector<std::string>;

class TtlAccessTest : public TtlStateTest {};
KVSTATE_ON_EVERY_BACKEND(TtlAccessTest);

TEST_P(TtlAccessTest, AValueExpiresAtTheBoundaryAndIsRemovedByTheReadThatMeetsIt) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v").WithDefault("default"))));
  Must(backend.SetCurrentKey(1));
  Must(state.Update("x"));
  clock_->AdvanceMillis(kLives - 1);
  EXPECT_EQ(Current(state), "x");
  clock_->AdvanceMillis(1);
  EXPECT_EQ(Stored(backend), 1u);
  EXPECT_EQ(Current(state), "default");
  EXPECT_EQ(Stored(backend), 0u);
  EXPECT_EQ(Removed(backend), 1u);
}

TEST_P(TtlAccessTest, ReadsKeepAValueAliveWhereTheyCount) {
  ttl_.update = TtlConfig::Update::kOnReadAndWrite;
  auto backend = OpenOnClock();
  auto numbers = Must(backend.GetState(WithTtl(ValueStateDescriptor<int64_t>("n"))));
  auto strings = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("s"))));
  Must(backend.SetCurrentKey(1));
  Must(numbers.Update(7));
  Must(strings.Update("x"));
  for (int i = 0; i < 5; ++i) {
    clock_->AdvanceMillis(kLives - 1);
    EXPECT_EQ(Current(numbers), 7);
    EXPECT_EQ(Current(strings), "x");
  }
  clock_->AdvanceMillis(kLives);
  EXPECT_EQ(Current(numbers), std::nullopt);
  EXPECT_EQ(Current(strings), std::nullopt);
}

TEST_P(TtlAccessTest, WhatHasExpiredIsGivenAsLongAsItIsThereWhereAskedFor) {
  ttl_.visibility = TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  ttl_.update = TtlConfig::Update::kOnReadAndWrite;
  auto backend = OpenOnClock();
  auto value = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v"))));
  auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("l"))));
  auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("m"))));
  auto reducing = Must(backend.GetState(Reducing()));
  Must(backend.SetCurrentKey(1));
  Must(value.Update("x"));
  Must(list.Add("x"));
  Must(map.Put(1, "x"));
  Must(reducing.Add("x"));
  clock_->AdvanceMillis(kLives);
  Must(list.Add("y"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Current(value), "x");
    EXPECT_EQ(Current(list), (Strings{"x", "y"}));
    EXPECT_EQ(EntriesOf(map), (EntryList<int64_t, std::string>{{1, "x"}}));
    EXPECT_EQ(Must(map.IsEmpty()), false);
    EXPECT_EQ(Current(reducing), "x");
  }
  EXPECT_EQ(KeysOf(backend.backend(), "v", kVoid).size(), 0u);
  EXPECT_EQ(KeysOf(backend.backend(), "l", kVoid).size(), 1u);
  Must(reducing.Add("y"));
  EXPECT_EQ(Current(reducing), "y") << "an expired accumulator starts anew";
}

TEST_P(TtlAccessTest, EachElementOfAListExpiresByItself) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("l"))));
  Must(backend.SetCurrentKey(1));
  Must(state.Add("old"));
  clock_->AdvanceMillis(60);
  Must(state.AddAll({"new", "newer"}));
  clock_->SetMillis(1010);
  Must(state.Add("added when the clock had gone back"));
  EXPECT_EQ(Current(state), (Strings{"old", "new", "newer", "added when the clock had gone back"}));
  clock_->SetMillis(1110);
  EXPECT_EQ(Current(state), (Strings{"new", "newer"}));
  Must(state.Add("newest"));
  EXPECT_EQ(Current(state), (Strings{"new", "newer", "newest"}));
  clock_->SetMillis(1160);
  EXPECT_EQ(Current(state), Strings{"newest"});
  EXPECT_EQ(Removed(backend), 0u);
  clock_->SetMillis(1210);
  EXPECT_EQ(Current(state), std::nullopt);
  EXPECT_EQ(Removed(backend), 1u);
  EXPECT_EQ(Stored(backend), 0u);
}

TEST_P(TtlAccessTest, ReadingAListRefreshesWhatOfItHasNotExpired) {
  ttl_.update = TtlConfig::Update::kOnReadAndWrite;
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(ListStateDescriptor<int64_t>("l"))));
  Must(backend.SetCurrentKey(1));
  Must(state.Add(1));
  clock_->AdvanceMillis(50);
  Must(state.Add(2));
  clock_->AdvanceMillis(50);
  EXPECT_EQ(Current(state), std::vector<int64_t>{2});
  clock_->AdvanceMillis(99);
  Must(state.Add(3));
  EXPECT_EQ(Current(state), (std::vector<int64_t>{2, 3}));
  clock_->AdvanceMillis(100);
  EXPECT_EQ(Current(state), std::nullopt);
}

TEST_P(TtlAccessTest, EachEntryOfAMapExpiresByItselfNullOnesToo) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("m"))));
  Must(backend.SetCurrentKey(1));
  Must(state.PutNull(1));
  Must(state.Put(2, "old"));
  clock_->AdvanceMillis(60);
  Must(state.PutNull(3));
  Must(state.Put(4, "new"));
  clock_->AdvanceMillis(39);
  EXPECT_TRUE(Must(state.Contains(1)));
  EXPECT_EQ(EntriesOf(state),
            (EntryList<int64_t, std::string>{{1, std::nullopt}, {2, "old"}, {3, std::nullopt}, {4, "new"}}));
  clock_->AdvanceMillis(1);
  EXPECT_FALSE(Must(state.Contains(1)));
  EXPECT_EQ(Stored(backend), 3u);
  EXPECT_EQ(Current(state, int64_t{2}), std::nullopt);
  EXPECT_EQ(Stored(backend), 2u);
  EXPECT_EQ(EntriesOf(state), (EntryList<int64_t, std::string>{{3, std::nullopt}, {4, "new"}}));
  EXPECT_FALSE(Must(state.IsEmpty()));
  clock_->AdvanceMillis(60);
  EXPECT_TRUE(Must(state.IsEmpty()));
  EXPECT_EQ(Stored(backend), 0u);
  EXPECT_EQ(Removed(backend), 4u);
}

TEST_P(TtlAccessTest, AccumulatorsStartAnewAndAreNewAfterEachInput) {
  auto backend = OpenOnClock();
  auto reducing = Must(backend.GetState(Reducing()));
  auto aggregating = Must(backend.GetState(Aggregating()));
  auto folding = Must(backend.GetState(Folding()));
  Must(backend.SetCurrentKey(1));
  const auto add = [&](const std::string& input) {
    Must(reducing.Add(input));
    Must(aggregating.Add(input));
    Must(folding.Add(input));
  };
  const auto expect = [&](const std::string& reduced, const std::string& result, const std::string& folded) {
    EXPECT_EQ(Current(reducing), reduced);
    EXPECT_EQ(Current(aggregating), result);
    EXPECT_EQ(Current(folding), folded);
  };
  add("a");
  clock_->AdvanceMillis(99);
  add("b");
  clock_->AdvanceMillis(99);
  expect("ab", "<ab>", "0ab");
  clock_->AdvanceMillis(1);
  add("c");
  expect("c", "<c>", "0c");
  clock_->AdvanceMillis(kLives);
  EXPECT_EQ(Current(reducing), std::nullopt);
  EXPECT_EQ(Current(aggregating), std::nullopt);
  EXPECT_EQ(Current(folding), std::nullopt);
  EXPECT_EQ(Stored(backend), 0u);
}

TEST_P(TtlAccessTest, MergedNamespacesLeaveOutWhatHasExpired) {
  auto backend = OpenOnClock();
  auto reducing = Must(backend.GetState<int64_t>(Reducing()));
  auto aggregating = Must(backend.GetState<int64_t>(Aggregating()));
  auto list = Must(backend.GetState<int64_t>(WithTtl(ListStateDescriptor<std::string>("l"))));
  Must(backend.SetCurrentKey(1));
  const std::array<std::string, 4> inputs = {"expired", "a", "b", "c"};
  for (int64_t n = 0; n < 4; ++n) {
    clock_->SetMillis(1000 + (n == 0 ? 0 : 50 + n));
    const std::string& input = inputs[static_cast<size_t>(n)];
    Must(reducing.SetCurrentNamespace(n));
    Must(reducing.Add(input));
    Must(aggregating.SetCurrentNamespace(n));
    Must(aggregating.Add(input));
    Must(list.SetCurrentNamespace(n));
    Must(list.Add(input));
  }
  clock_->SetMillis(1100);
  const auto merge = [&](int64_t target, const std::vector<int64_t>& sources) {
    Must(reducing.MergeNamespaces(target, sources));
    Must(aggregating.MergeNamespaces(target, sources));
    Must(list.MergeNamespaces(target, sources));
    Must(reducing.SetCurrentNamespace(target));
    Must(aggregating.SetCurrentNamespace(target));
    Must(list.SetCurrentNamespace(target));
  };
  merge(0, {1, 9});
  EXPECT_EQ(Current(reducing), "a");
  EXPECT_EQ(Current(aggregating), "<a>");
  EXPECT_EQ(Current(list), Strings{"a"});
  merge(2, {3, 0});
  EXPECT_EQ(Current(reducing), "bca");
  EXPECT_EQ(Current(aggregating), "<bca>");
  EXPECT_EQ(Current(list), (Strings{"b", "c", "a"}));
  clock_->SetMillis(1199);
  EXPECT_EQ(Current(reducing), "bca") << "what is combined is new";
  EXPECT_EQ(Current(aggregating), "<bca>");
  EXPECT_EQ(Current(list), std::nullopt) << "elements keep their times";
}

TEST_P(TtlAccessTest, ForEverIsForEver) {
  ttl_.ttl_millis = INT64_MAX;
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(ValueStateDescriptor<int64_t>("v"))));
  Must(backend.SetCurrentKey(1));
  Must(state.Update(7));
  clock_->SetMillis(INT64_MAX);
  EXPECT_EQ(Current(state), 7);
  clock_->SetMillis(INT64_MIN);
  EXPECT_EQ(Current(state), 7);
  Must(state.Update(8));
  EXPECT_EQ(Current(state), 8);
}

}  // namespace
}  // namespace kvstate::conformance

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/ttl_state_testing.h"
#include "tests/support/present.h"

namespace kvstate::conformance {
namespace {

using testing_support::Present;

using Strings = std::vector<std::string>;

class TtlWalksTest : public TtlStateTest {};
KVSTATE_ON_EVERY_BACKEND(TtlWalksTest);

TEST_P(TtlWalksTest, AMapsIteratorKeepsItsRulesAmongExpiredEntries) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("m"))));
  Must(backend.SetCurrentKey(1));
  for (int64_t i = 0; i < 100; ++i) {
    clock_->SetMillis(i % 3 == 0 ? 1000 : 1050);
    Must(state.Put(i, std::to_string(i)));
  }
  clock_->SetMillis(1100);
  auto entries = Must(state.Entries());
  EXPECT_CODE(entries.Value(), kFailedPrecondition);
  int64_t seen = 0;
  while (Must(entries.Next())) {
    const int64_t key = *Must(entries.Key());
    EXPECT_NE(key % 3, 0);
    EXPECT_EQ(Present(Must(entries.Value())), std::to_string(key));
    ++seen;
    if (key % 3 == 1) {
      Must(entries.Remove());
      EXPECT_CODE(entries.Remove(), kFailedPrecondition);
    } else {
      Must(entries.SetValue("written"));
      EXPECT_EQ(Present(Must(entries.Value())), "written");
    }
  }
  EXPECT_EQ(seen, 66);
  EXPECT_CODE(entries.Value(), kFailedPrecondition);
  EXPECT_EQ(Stored(backend), 33u);
  clock_->SetMillis(1199);
  EXPECT_EQ(Current(state, int64_t{2}), "written") << "its time is that of SetValue";
}

TEST_P(TtlWalksTest, IteratingAMapRefreshesTheEntriesWhoseValuesItGives) {
  ttl_.update = TtlConfig::Update::kOnReadAndWrite;
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("m"))));
  Must(backend.SetCurrentKey(1));
  for (int64_t i = 0; i < 4; ++i) Must(state.Put(i, "x"));
  clock_->AdvanceMillis(99);
  auto entries = Must(state.Entries());
  while (Must(entries.Next())) {
    if (*Must(entries.Key()) % 2 == 0) Must(entries.Value());
  }
  EXPECT_TRUE(Must(state.Contains(1))) << "which is a read, too";
  clock_->AdvanceMillis(1);
  EXPECT_EQ(EntriesOf(state), (EntryList<int64_t, std::string>{{0, "x"}, {1, "x"}, {2, "x"}}));
}

TEST_P(TtlWalksTest, WhatAReadGaveCanBeWritten) {
  for (const auto update : {TtlConfig::Update::kOnCreateAndWrite, TtlConfig::Update::kOnReadAndWrite}) {
    ttl_.update = update;
    clock_->SetMillis(1000);
    auto backend = OpenOnClock();
    auto value = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v"))));
    auto number = Must(backend.GetState(WithTtl(ValueStateDescriptor<int64_t>("n"))));
    auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("l"))));
    auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("m"))));
    auto reducing = Must(backend.GetState(Reducing()));
    Must(backend.SetCurrentKey(1));
    const std::string text(100, 't');
    Must(value.Update(text));
    Must(number.Update(7));
    Must(list.Add("gone"));
    clock_->AdvanceMillis(50);
    Must(list.Add(text));
    Must(map.Put(1, text));
    Must(reducing.Add("ab"));
    clock_->AdvanceMillis(49);
    Must(value.Update(Present(Must(value.Get()))));
    Must(number.Update(Present(Must(number.Get()))));
    Must(map.Put(2, Present(Must(map.Get(1)))));
    Must(reducing.Add(Present(Must(reducing.Get()))));
    clock_->AdvanceMillis(1);
    Must(list.Update(Present(Must(list.Get()))));
    Must(list.AddAll(Present(Must(list.Get()))));
    Must(list.Add(Present(Must(list.Get())).front()));
    clock_->AdvanceMillis(98);
    EXPECT_EQ(Current(value), text);
    EXPECT_EQ(Current(number), 7);
    EXPECT_EQ(Current(map, int64_t{2}), text);
    EXPECT_EQ(Current(reducing), "abab");
    EXPECT_EQ(Current(list), Strings(3, text));
  }
}

TEST_P(TtlWalksTest, WhatAReadGaveCanBeWrittenUnderAnotherKey) {
  auto backend = OpenOnClock();
  auto value = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v"))));
  auto aggregating = Must(backend.GetState(Aggregating()));
  Must(backend.SetCurrentKey(0));
  Must(value.Update("text"));
  Must(aggregating.Add("x"));
  for (int64_t key = 1; key < 200; ++key) {
    const std::string* before = Must(value.Get());
    const std::string* accumulator = Must(aggregating.GetInternal());
    Must(backend.SetCurrentKey(key));
    Must(value.Update(before));
    Must(aggregating.UpdateInternal(*accumulator));
  }
  EXPECT_EQ(Current(value), "text");
  EXPECT_EQ(Current(aggregating), "<x>");
  EXPECT_EQ(Stored(backend), 400u);
}

TEST_P(TtlWalksTest, KeysAreThoseWithSomethingUnexpired) {
  auto backend = OpenOnClock();
  auto map = Must(backend.GetState<int64_t>(WithTtl(MapStateDescriptor<int64_t, int64_t>("m"))));
  auto list = Must(backend.GetState<int64_t>(WithTtl(ListStateDescriptor<int64_t>("l"))));
  for (int64_t key = 0; key < 20; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(map.SetCurrentNamespace(key % 2));
    Must(list.SetCurrentNamespace(key % 2));
    for (int64_t i = 0; i < 10; ++i) {
      clock_->SetMillis(key % 3 == 0 && i == 9 ? 1050 : 1000);
      Must(map.Put(i, i));
      Must(list.Add(i));
    }
  }
  clock_->SetMillis(1100);
  Must(map.SetCurrentNamespace(int64_t{7}));
  const std::string before(backend.backend().current_key());
  for (const char* name : {"m", "l"}) {
    EXPECT_EQ(PairsOf(backend.backend(), name).size(), 7u);
    std::vector<std::string> even;
    for (int64_t key = 0; key < 20; key += 6) even.push_back(Encode(key));
    EXPECT_EQ(KeysOf(backend.backend(), name, Encode(int64_t{0})), even);
    int64_t applied = 0;
    Must(backend.backend().ApplyToAllKeys(name, Encode(int64_t{1}), [&](ByteView key, InternalKVState& state) {
      EXPECT_EQ(Must(Decode<int64_t>(key)) % 3, 0);
      ++applied;
      return state.Clear();
    }));
    EXPECT_EQ(applied, 3);
    EXPECT_EQ(PairsOf(backend.backend(), name).size(), 4u);
  }
  EXPECT_EQ(backend.backend().current_key(), before);
  EXPECT_EQ(map.internal()->current_namespace(), Encode(int64_t{7}));
}

TEST_P(TtlWalksTest, KeyAndNamespaceMustBeSetFirst) {
  auto backend = OpenOnClock();
  auto value = Must(backend.GetState<int64_t>(WithTtl(ValueStateDescriptor<int64_t>("v"))));
  auto map = Must(backend.GetState<int64_t>(WithTtl(MapStateDescriptor<int64_t, int64_t>("m"))));
  EXPECT_CODE(value.Get(), kFailedPrecondition);
  EXPECT_CODE(value.Update(1), kFailedPrecondition);
  Must(backend.SetCurrentKey(1));
  EXPECT_CODE(map.Get(1), kFailedPrecondition);
  EXPECT_CODE(map.Entries(), kFailedPrecondition);
  Must(map.SetCurrentNamespace(int64_t{1}));
  Must(map.Put(1, 1));
  map.ClearCurrentNamespace();
  EXPECT_CODE(map.Put(1, 1), kFailedPrecondition);
  EXPECT_EQ(PairsOf(backend.backend(), "m").size(), 1u);
  EXPECT_CODE(map.Put(1, 1), kFailedPrecondition) << "walking keys sets no namespace";
}

}  // namespace
}  // namespace kvstate::conformance

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/hashmap/hashmap_testing.h"

namespace kvstate::backends::hashmap {
namespace {

TEST(HashMapVisitor, ValuesOfABatchStayReadableWhileOthersOfItAreRemoved) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto values, backend.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK_AND_ASSIGN(auto maps, (backend.GetState(MapStateDescriptor<int64_t, std::string>("m"))));
  for (int64_t key = 0; key < 2000; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(values.Update("value of " + std::to_string(key)));
  }
  for (int64_t i = 0; i < 2000; ++i) ASSERT_OK(maps.Put(i, "value of " + std::to_string(i)));
  const std::vector<InternalKVState*> states = {values.internal(), maps.internal()};
  for (InternalKVState* state : states) {
    const bool is_map = state->descriptor().kind == StateKind::kMap;
    ASSERT_OK_AND_ASSIGN(auto visitor, state->Visit());
    std::set<int64_t> seen;
    while (true) {
      ASSERT_OK_AND_ASSIGN(const auto batch, visitor->NextBatch(700));
      if (batch.empty()) break;
      for (const StateEntry& entry : batch) {
        ASSERT_OK_AND_ASSIGN(const int64_t number, Decode<int64_t>(is_map ? entry.user_key : entry.key));
        ASSERT_EQ(*static_cast<const std::string*>(entry.value), "value of " + std::to_string(number));
        ASSERT_OK(visitor->Remove(entry));
        EXPECT_CODE(visitor->Remove(entry), kNotFound);
        seen.insert(number);
      }
    }
    EXPECT_EQ(seen.size(), 2000u);
  }
  ASSERT_OK_AND_ASSIGN(const uint64_t entries, backend.backend().NumEntries());
  EXPECT_EQ(entries, 0u);
}

TEST(HashMapVisitor, ComesToAnEndBesideConstantChurn) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 14; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Update(key));
  }
  ASSERT_OK_AND_ASSIGN(auto visitor, state.internal()->Visit());
  std::map<int64_t, int> seen;
  int64_t added = 1000;
  for (int round = 0; round < 1000; ++round) {
    ASSERT_OK_AND_ASSIGN(const auto batch, visitor->NextBatch(1));
    if (batch.empty()) break;
    ASSERT_LT(round, 500);
    ++seen[*static_cast<const int64_t*>(batch[0].value)];
    for (int i = 0; i < 50; ++i, ++added) {
      ASSERT_OK(backend.SetCurrentKey(added));
      ASSERT_OK(state.Update(added));
      ASSERT_OK(backend.SetCurrentKey(added > 1000 ? added - 1 : added));
      ASSERT_OK(state.Clear());
    }
  }
  for (int64_t key = 0; key < 14; ++key) EXPECT_EQ(seen[key], 1);
}

TEST(HashMapVisitor, UpdateWithAnEmptyListRemovesIt) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ListStateDescriptor<int64_t>("l")));
  ASSERT_OK(backend.SetCurrentKey(1));
  ASSERT_OK(state.Add(1));
  ASSERT_OK_AND_ASSIGN(auto visitor, state.internal()->Visit());
  ASSERT_OK_AND_ASSIGN(const auto batch, visitor->NextBatch(10));
  ASSERT_EQ(batch.size(), 1u);
  const std::vector<int64_t> nothing;
  ASSERT_OK(visitor->Update(batch[0], &nothing));
  ASSERT_OK_AND_ASSIGN(const auto* list, state.Get());
  EXPECT_EQ(list, nullptr);
}

TEST(HashMapWalks, EndWithAnErrorWhenTheStateIsRemovedUnderThem) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto state, (backend.GetState(MapStateDescriptor<int64_t, int64_t>("m"))));
  ASSERT_OK(backend.SetCurrentKey(1));
  ASSERT_OK(state.Put(1, 1));
  ASSERT_OK(state.Put(2, 2));
  ASSERT_OK_AND_ASSIGN(auto entries, state.Entries());
  ASSERT_OK(entries.Next());
  ASSERT_OK_AND_ASSIGN(auto visitor, state.internal()->Visit());
  ASSERT_OK_AND_ASSIGN(auto keys, backend.backend().Keys("m", Encode(VoidNamespace())));
  ASSERT_OK(backend.backend().RemoveState("m"));
  EXPECT_CODE(entries.Next(), kFailedPrecondition);
  EXPECT_CODE(entries.Remove(), kFailedPrecondition);
  EXPECT_CODE(visitor->NextBatch(1), kFailedPrecondition);
  EXPECT_CODE(keys->Next(), kFailedPrecondition);
}

TEST(HashMapMapIterator, StaysWithItsMapThroughClearingRefillingAndGrowingTables) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto state, (backend.GetState(MapStateDescriptor<std::string, int64_t>("m"))));
  ASSERT_OK(backend.SetCurrentKey(0));
  for (int64_t i = 100; i < 200; ++i) ASSERT_OK(state.Put("a key longer than a word " + std::to_string(i), i));
  ASSERT_OK_AND_ASSIGN(auto entries, state.Entries());
  for (int64_t i = 100; i < 150; ++i) {
    ASSERT_OK_AND_ASSIGN(const bool more, entries.Next());
    ASSERT_TRUE(more);
    // Another map each time: the table grows under the iterator.
    ASSERT_OK(backend.SetCurrentKey(i));
    ASSERT_OK(state.Put("x", i));
    ASSERT_OK_AND_ASSIGN(const int64_t* value, entries.Value());
    EXPECT_EQ(*value, i);
  }
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK(state.Clear());
  EXPECT_CODE(entries.Value(), kFailedPrecondition);
  ASSERT_OK(state.Put("a key longer than a word 120", 120));
  ASSERT_OK(state.Put("a key longer than a word 170", 170));
  ASSERT_OK_AND_ASSIGN(bool more, entries.Next());
  ASSERT_TRUE(more);
  ASSERT_OK_AND_ASSIGN(const int64_t* value, entries.Value());
  EXPECT_EQ(*value, 170);
  ASSERT_OK(entries.Remove());
  EXPECT_CODE(entries.Remove(), kFailedPrecondition);
  ASSERT_OK_AND_ASSIGN(more, entries.Next());
  EXPECT_FALSE(more);
  ASSERT_OK_AND_ASSIGN(const uint64_t count, backend.backend().NumEntries());
  EXPECT_EQ(count, 51u);
}

TEST(HashMapMapIterator, SetValueWritesBackAnEntryThatWentAway) {
  auto backend = OpenHashMap<int64_t>(1);
  ASSERT_OK_AND_ASSIGN(auto state, (backend.GetState(MapStateDescriptor<int64_t, int64_t>("m"))));
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK(state.Put(1, 1));
  ASSERT_OK_AND_ASSIGN(auto entries, state.Entries());
  ASSERT_OK(entries.Next());
  ASSERT_OK(state.Clear());
  ASSERT_OK(backend.SetCurrentKey(1));
  ASSERT_OK(entries.SetValue(5));
  ASSERT_OK_AND_ASSIGN(const int64_t* value, entries.Value());
  EXPECT_EQ(*value, 5);
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK_AND_ASSIGN(value, state.Get(1));
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(*value, 5);
}

}  // namespace
}  // namespace kvstate::backends::hashmap

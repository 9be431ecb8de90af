#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kvstate/keyed_backend.h"
#include "tests/unit/hashmap/hashmap_testing.h"

namespace kvstate::backends::hashmap {
namespace {

/// Long enough for a heap allocation of its own, so that a use after a move or free shows.
std::string Long(int i) { return "a value that does not fit in a string object, number " + std::to_string(i); }

// One key group, so that all keys share a table and each insertion may be the one that grows it.
constexpr uint32_t kOneGroup = 1;

TEST(HashMapAliasing, UpdateTakesTheValueOfAnotherKeyWhileTheTableGrows) {
  auto backend = OpenHashMap<int64_t>(kOneGroup);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK(state.Update(Long(0)));
  for (int64_t key = 1; key < 500; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key - 1));
    ASSERT_OK_AND_ASSIGN(const std::string* value, state.Get());
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Update(value));
  }
  ASSERT_OK_AND_ASSIGN(const std::string* last, state.Get());
  EXPECT_EQ(*last, Long(0));
}

TEST(HashMapAliasing, UpdateWithItsOwnValueKeepsIt) {
  auto backend = OpenHashMap<int64_t>(kOneGroup);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK(backend.SetCurrentKey(1));
  ASSERT_OK(state.Update(Long(1)));
  ASSERT_OK_AND_ASSIGN(const std::string* value, state.Get());
  ASSERT_OK(state.Update(value));
  ASSERT_OK_AND_ASSIGN(value, state.Get());
  EXPECT_EQ(*value, Long(1));
}

TEST(HashMapAliasing, ListTakesElementsOfItselfAndOfOthers) {
  auto backend = OpenHashMap<int64_t>(kOneGroup);
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ListStateDescriptor<std::string>("l")));
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK(state.Add(Long(0)));
  for (int i = 0; i < 6; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto* list, state.Get());
    ASSERT_OK(state.AddAll(*list));
    ASSERT_OK_AND_ASSIGN(list, state.Get());
    ASSERT_OK(state.Add(list->front()));
  }
  ASSERT_OK_AND_ASSIGN(const auto* list, state.Get());
  EXPECT_EQ(*list, std::vector<std::string>(127, Long(0)));
  for (int64_t key = 1; key < 200; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key - 1));
    ASSERT_OK_AND_ASSIGN(list, state.Get());
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(key % 2 == 0 ? state.Update(*list) : state.AddAll(*list));
  }
  ASSERT_OK_AND_ASSIGN(list, state.Get());
  EXPECT_EQ(list->size(), 127u);
}

TEST(HashMapAliasing, MapPutTakesItsOwnValuesWhileLeavesGrowAndSplit) {
  auto backend = OpenHashMap<int64_t>(kOneGroup);
  ASSERT_OK_AND_ASSIGN(auto state, (backend.GetState(MapStateDescriptor<int64_t, std::string>("m"))));
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK(state.Put(0, Long(0)));
  for (int64_t i = 1; i < 300; ++i) {
    // Scattered, so that every value's leaf splits at some time.
    ASSERT_OK_AND_ASSIGN(const std::string* value, state.Get((i - 1) * 7919 % 300));
    ASSERT_NE(value, nullptr);
    ASSERT_OK(state.Put(i * 7919 % 300, *value));
  }
  for (int64_t i = 0; i < 300; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::string* value, state.Get(i));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, Long(0));
  }
}

TEST(HashMapAliasing, ReducingTakesItsOwnAccumulatorAsInput) {
  auto backend = OpenHashMap<int64_t>(kOneGroup);
  const auto twice = MakeReduceFunction<std::string>([](std::string& a, const std::string& b) {
    a.clear();
    a.append(b).append(b);
  });
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ReducingStateDescriptor<std::string>("r", twice)));
  ASSERT_OK(backend.SetCurrentKey(0));
  ASSERT_OK(state.Add("x"));
  ASSERT_OK_AND_ASSIGN(const std::string* value, state.Get());
  ASSERT_OK(state.Add(*value));
  ASSERT_OK_AND_ASSIGN(value, state.Get());
  EXPECT_EQ(*value, "xx");
  for (int64_t key = 1; key < 100; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key - 1));
    ASSERT_OK_AND_ASSIGN(value, state.Get());
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Add(*value));
  }
  ASSERT_OK_AND_ASSIGN(value, state.Get());
  EXPECT_EQ(*value, "xx");
}

}  // namespace
}  // namespace kvstate::backends::hashmap

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

using Numbers = std::vector<int64_t>;
using Texts = std::vector<std::string>;

class ListTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(ListTest);

TEST_P(ListTest, AnAbsentListIsNullAndNotEmpty) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(Must(list.Get()), nullptr);
  EXPECT_EQ(Must(list.internal()->GetInternal()), nullptr);
  Must(list.Add(1));
  Must(list.Clear());
  EXPECT_EQ(Must(list.Get()), nullptr);
}

TEST_P(ListTest, KeepsTheOrderOfAdds) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  for (const int64_t n : {3, 1, 2, 1}) EXPECT_OK(list.Add(n));
  EXPECT_EQ(Current(list), (Numbers{3, 1, 2, 1}));
  Must(list.Add(0));
  EXPECT_EQ(Current(list), (Numbers{3, 1, 2, 1, 0}));
}

TEST_P(ListTest, KeepsTheOrderOfManyAddsToSeveralKeys) {
  auto backend = Open<int64_t>();
  auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l")));
  std::vector<Texts> expected(3);
  for (int i = 0; i < 6000; ++i) {
    const int64_t key = (i * 7 + i / 5) % 3;
    Must(backend.SetCurrentKey(key));
    const std::string element(static_cast<size_t>(i % 11), static_cast<char>('a' + i % 26));
    Must(list.Add(element));
    expected[static_cast<size_t>(key)].push_back(element);
    if (i % 1000 == 500) {
      EXPECT_EQ(Current(list), expected[static_cast<size_t>(key)]);
    }
  }
  for (int64_t key = 0; key < 3; ++key) {
    Must(backend.SetCurrentKey(key));
    EXPECT_EQ(Current(list), expected[static_cast<size_t>(key)]);
  }
}

TEST_P(ListTest, UpdateReplacesAndWithNoElementsClears) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  Must(list.Add(9));
  EXPECT_OK(list.Update({1, 2}));
  EXPECT_EQ(Current(list), (Numbers{1, 2}));
  EXPECT_OK(list.Update({}));
  EXPECT_EQ(Must(list.Get()), nullptr);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
  EXPECT_TRUE(KeysOf(backend.backend(), "l", kVoid).empty());
}

TEST_P(ListTest, AddAllAppendsAndWithNoElementsDoesNothing) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(list.AddAll({}));
  EXPECT_EQ(Must(list.Get()), nullptr) << "no list is made";
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
  EXPECT_OK(list.AddAll({1, 2}));
  EXPECT_OK(list.AddAll({}));
  EXPECT_OK(list.AddAll({3}));
  EXPECT_EQ(Current(list), (Numbers{1, 2, 3}));
}

TEST_P(ListTest, RefusesNullAndStaysAsItWas) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  Must(list.Add(1));
  EXPECT_CODE(list.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_CODE(list.internal()->AddAll(nullptr), kInvalidArgument);
  EXPECT_CODE(list.internal()->Update(nullptr), kInvalidArgument);
  EXPECT_EQ(Current(list), (Numbers{1}));
}

TEST_P(ListTest, TheAccumulatorIsTheList) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  const Numbers numbers = {4, 5};
  EXPECT_OK(list.internal()->UpdateInternal(&numbers));
  EXPECT_EQ(*static_cast<const Numbers*>(Must(list.internal()->GetInternal())), numbers);
  EXPECT_OK(list.internal()->UpdateInternal(Must(list.internal()->GetInternal()))) << "the pointer just given";
  EXPECT_EQ(Current(list), numbers);
  const Numbers empty;
  EXPECT_OK(list.internal()->UpdateInternal(&empty));
  EXPECT_EQ(Must(list.Get()), nullptr);
  Must(list.Add(1));
  EXPECT_OK(list.internal()->UpdateInternal(nullptr));
  EXPECT_EQ(Must(list.Get()), nullptr);
}

TEST_P(ListTest, TheAccumulatorMovesToAnotherKeyByItsPointer) {
  auto backend = Open<int64_t>();
  auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l")));
  Must(backend.SetCurrentKey(0));
  const Texts texts = {std::string(40, 'a'), "b"};
  Must(list.AddAll(texts));
  for (int64_t key = 1; key < 500; ++key) {
    Must(backend.SetCurrentKey(key - 1));
    const void* value = Must(list.internal()->GetInternal());
    Must(backend.SetCurrentKey(key));
    Must(list.internal()->UpdateInternal(value));
  }
  EXPECT_EQ(Current(list), texts);
}

TEST_P(ListTest, ElementsMayBeEmptyAndRaw) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l")));
  auto raw = Must(backend.GetState(ListStateDescriptor<std::string>("raw", RawBytesSerializer())));
  Must(backend.SetCurrentKey("k"));
  const Texts texts = {"", std::string("\0\xff", 2), "", "x"};
  for (auto& state : {&list, &raw}) {
    for (const std::string& text : texts) Must(state->Add(text));
    EXPECT_EQ(Current(*state), texts);
    Must(state->Update({""}));
    EXPECT_EQ(Current(*state), Texts{""}) << "one empty element is not an empty list";
    Must(state->AddAll({"", ""}));
    EXPECT_EQ(Current(*state), (Texts{"", "", ""}));
  }
}

TEST_P(ListTest, ElementsMayBeCompound) {
  using Element = std::pair<std::string, std::vector<int32_t>>;
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<Element>("l")));
  Must(backend.SetCurrentKey("k"));
  const std::vector<Element> elements = {{"a", {1, 2}}, {"", {}}, {"c", {-1}}};
  Must(list.Add(elements[0]));
  Must(list.AddAll({elements[1], elements[2]}));
  EXPECT_EQ(Current(list), elements);
}

TEST_P(ListTest, AddsAfterClearStartAnew) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  Must(backend.SetCurrentKey("k"));
  for (int64_t round = 0; round < 50; ++round) {
    Must(list.Add(round));
    Must(list.Add(round + 1));
    ASSERT_EQ(Current(list), (Numbers{round, round + 1}));
    Must(list.Clear());
    ASSERT_EQ(Must(list.Get()), nullptr);
  }
}

}  // namespace
}  // namespace kvstate::conformance

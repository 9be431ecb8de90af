#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class ValueTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(ValueTest);

TEST_P(ValueTest, IsAbsentUntilUpdated) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(Current(state), std::nullopt);
  EXPECT_OK(state.Update(5));
  EXPECT_EQ(Current(state), 5);
  EXPECT_OK(state.Update(6));
  EXPECT_EQ(Current(state), 6);
}

TEST_P(ValueTest, UpdateWithNullClears) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  Must(state.Update(5));
  EXPECT_OK(state.Update(nullptr));
  EXPECT_EQ(Current(state), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
  EXPECT_OK(state.Update(nullptr)) << "nothing there is fine";
}

TEST_P(ValueTest, ClearRemovesAndToleratesNothing) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(state.Clear());
  Must(state.Update(5));
  EXPECT_OK(state.Clear());
  EXPECT_EQ(Current(state), std::nullopt);
  EXPECT_TRUE(KeysOf(backend.backend(), "v", kVoid).empty());
}

TEST_P(ValueTest, AnEmptyValueIsNotAbsent) {
  auto backend = OpenRaw();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v", RawBytesSerializer())));
  Must(backend.SetCurrentKey("k"));
  Must(state.Update(std::string()));
  EXPECT_EQ(Current(state), std::string());
  EXPECT_EQ(Must(backend.backend().NumEntries()), 1u);
}

TEST_P(ValueTest, KeysAreApart) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = -2000; key < 2000; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key * 7));
  }
  for (int64_t key = -2000; key < 2000; key += 2) {
    Must(backend.SetCurrentKey(key));
    Must(state.Clear());
  }
  for (int64_t key = -2000; key < 2000; ++key) {
    Must(backend.SetCurrentKey(key));
    ASSERT_EQ(Current(state), key % 2 == 0 ? std::nullopt : std::optional<int64_t>(key * 7)) << key;
  }
}

TEST_P(ValueTest, StatesAreApart) {
  auto backend = Open<std::string>();
  auto first = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  auto second = Must(backend.GetState(ValueStateDescriptor<int64_t>("v2")));
  Must(backend.SetCurrentKey("k"));
  Must(first.Update(1));
  EXPECT_EQ(Current(second), std::nullopt);
  Must(second.Update(2));
  Must(first.Clear());
  EXPECT_EQ(Current(first), std::nullopt);
  EXPECT_EQ(Current(second), 2);
}

TEST_P(ValueTest, DefaultIsGivenWhereThereIsNoValue) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v").WithDefault("none yet")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(Current(state), "none yet");
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u) << "a default that was read is not stored";
  EXPECT_TRUE(KeysOf(backend.backend(), "v", kVoid).empty());
  Must(state.Update(std::string("something")));
  EXPECT_EQ(Current(state), "something");
  Must(state.Clear());
  EXPECT_EQ(Current(state), "none yet");
}

TEST_P(ValueTest, DefaultIsCopiedAtEachRead) {
  auto backend = Open<std::string>();
  auto descriptor = ValueStateDescriptor<std::string>("v").WithDefault(std::string(100, 'd'));
  auto state = Must(backend.GetState(descriptor));
  Must(backend.SetCurrentKey("k"));
  const std::string* given = Must(state.Get());
  EXPECT_NE(given, descriptor.default_value->get());
  EXPECT_NE(given, state.internal()->descriptor().default_value->get());
  const_cast<std::string*>(given)->assign("spoiled");
  EXPECT_EQ(Current(state), std::string(100, 'd'));
  Must(backend.SetCurrentKey("another"));
  EXPECT_EQ(Current(state), std::string(100, 'd'));
}

TEST_P(ValueTest, UpdateTakesThePointerThatGetGave) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v").WithDefault("default")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(state.Update(Must(state.Get()))) << "the default's copy";
  EXPECT_EQ(Must(backend.backend().NumEntries()), 1u);
  Must(state.Update(std::string(1000, 'x')));
  EXPECT_OK(state.Update(Must(state.Get())));
  EXPECT_EQ(Current(state), std::string(1000, 'x'));
}

TEST_P(ValueTest, UpdateUnderAnotherKeyTakesThePointerThatGetGave) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
  const std::string text(50, 'x');
  Must(backend.SetCurrentKey(0));
  Must(state.Update(text));
  for (int64_t key = 1; key < 1500; ++key) {
    Must(backend.SetCurrentKey(key - 1));
    const std::string* value = Must(state.Get());
    Must(backend.SetCurrentKey(key));
    Must(state.Update(value));  // An insertion, before which a table may have to grow.
  }
  for (int64_t key = 0; key < 1500; ++key) {
    Must(backend.SetCurrentKey(key));
    ASSERT_EQ(Current(state), text) << key;
  }
}

TEST_P(ValueTest, APointerLivesUntilTheNextCallOnItsState) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
  auto other = Must(backend.GetState(ValueStateDescriptor<std::string>("other")));
  Must(backend.SetCurrentKey(1));
  Must(state.Update(std::string(100, 'x')));
  const std::string* value = Must(state.Get());
  for (int64_t key = 0; key < 300; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(other.Update(std::string(100, 'o')));
    ASSERT_EQ(Current(other), std::string(100, 'o'));
  }
  EXPECT_EQ(*value, std::string(100, 'x'));
}

TEST_P(ValueTest, HoldsCompoundTypes) {
  using Compound = std::map<std::string, std::vector<std::optional<std::pair<int32_t, double>>>>;
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<Compound>("v")));
  const Compound value = {{"a", {std::nullopt, std::pair{1, 0.5}}}, {"b", {}}, {"", {std::pair{-1, -0.0}}}};
  Must(backend.SetCurrentKey("k"));
  Must(state.Update(value));
  EXPECT_EQ(Current(state), value);
}

}  // namespace
}  // namespace kvstate::conformance

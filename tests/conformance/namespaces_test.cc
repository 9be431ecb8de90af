#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class NamespacesTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(NamespacesTest);

TEST_P(NamespacesTest, AreApart) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t start = -50; start < 50; start += 10) {
      Must(state.SetCurrentNamespace(TimeWindow{start, start + 10}));
      Must(state.Update(key * 1000 + start));
    }
  }
  Must(backend.SetCurrentKey(3));
  Must(state.SetCurrentNamespace(TimeWindow{0, 10}));
  Must(state.Clear());
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t start = -50; start < 50; start += 10) {
      Must(state.SetCurrentNamespace(TimeWindow{start, start + 10}));
      const bool cleared = key == 3 && start == 0;
      ASSERT_EQ(Current(state), cleared ? std::nullopt : std::optional<int64_t>(key * 1000 + start));
    }
  }
}

TEST_P(NamespacesTest, TheVoidNamespaceNeedsNoSetting) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(state.internal()->current_namespace(), kVoid);
  EXPECT_OK(state.Update(1));
  EXPECT_OK(state.SetCurrentNamespace(VoidNamespace{}));
  EXPECT_EQ(Current(state), 1);
  state.ClearCurrentNamespace();
  EXPECT_EQ(state.internal()->current_namespace(), kVoid);
  EXPECT_EQ(Current(state), 1);
}

TEST_P(NamespacesTest, GetAndClearTheCurrentOne) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(state.internal()->current_namespace(), "");
  const TimeWindow window{5, 6};
  Must(state.SetCurrentNamespace(window));
  EXPECT_EQ(state.internal()->current_namespace(), Encode(window));
  Must(state.Update(1));
  state.ClearCurrentNamespace();
  EXPECT_EQ(state.internal()->current_namespace(), "");
  EXPECT_CODE(state.Get(), kFailedPrecondition);
  EXPECT_CODE(state.Update(2), kFailedPrecondition);
  EXPECT_CODE(state.Clear(), kFailedPrecondition);
  Must(state.SetCurrentNamespace(window));
  EXPECT_EQ(Current(state), 1);
}

TEST_P(NamespacesTest, EachStateHasItsOwnCurrentOne) {
  auto backend = Open<std::string>();
  auto first = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("first")));
  auto second = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("second")));
  Must(backend.SetCurrentKey("k"));
  Must(first.SetCurrentNamespace(TimeWindow{0, 1}));
  Must(second.SetCurrentNamespace(TimeWindow{2, 3}));
  Must(first.Update(1));
  EXPECT_EQ(first.internal()->current_namespace(), Encode(TimeWindow{0, 1}));
  EXPECT_EQ(PairsOf(backend.backend(), "first"), (Pairs{{Encode(std::string("k")), Encode(TimeWindow{0, 1})}}));
}

TEST_P(NamespacesTest, StaysWhenTheKeyChanges) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState<std::string>(ValueStateDescriptor<int64_t>("v")));
  Must(state.SetCurrentNamespace(std::string("set before any key")));
  for (int64_t key = 0; key < 5; ++key) {
    Must(backend.SetCurrentKey(key));
    EXPECT_OK(state.Update(key));
  }
  EXPECT_EQ(KeysOf(backend.backend(), "v", Encode(std::string("set before any key"))).size(), 5u);
}

TEST_P(NamespacesTest, OfFixedSizeRefuseAnotherLength) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  Must(state.SetCurrentNamespace(TimeWindow{1, 2}));
  EXPECT_CODE(state.internal()->SetCurrentNamespace("short"), kInvalidArgument);
  EXPECT_CODE(state.internal()->SetCurrentNamespace(std::string(17, 'x')), kInvalidArgument);
  EXPECT_CODE(state.internal()->SetCurrentNamespace(""), kInvalidArgument);
  EXPECT_EQ(state.internal()->current_namespace(), Encode(TimeWindow{1, 2})) << "the current one stays";
}

TEST_P(NamespacesTest, TheEmptyOneIsSetAllTheSame) {
  auto backend = OpenRaw();
  InternalKVState* made =
      Must(backend.backend().GetOrCreateState(RawBytesSerializer(), ValueStateDescriptor<int64_t>("v")));
  ValueState<int64_t> state(static_cast<InternalValueState*>(made));
  Must(backend.SetCurrentKey("k"));
  EXPECT_CODE(state.Get(), kFailedPrecondition) << "none is set yet";
  Must(made->SetCurrentNamespace(""));
  EXPECT_OK(state.Update(1));
  EXPECT_EQ(Current(state), 1);
  EXPECT_EQ(KeysOf(backend.backend(), "v", "").size(), 1u);
}

}  // namespace
}  // namespace kvstate::conformance

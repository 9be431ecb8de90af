#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class ApplyToAllKeysTest : public BackendTest {
 protected:
  void SetUp() override {
    backend_.emplace(Open<int64_t>());
    state_ = Must(backend_->GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
    for (int64_t key = 0; key < 100; ++key) Put(key, kWindow, key);
  }
  void Put(int64_t key, TimeWindow window, int64_t value) {
    Must(backend_->SetCurrentKey(key));
    Must(state_.SetCurrentNamespace(window));
    Must(state_.Update(value));
  }
  std::optional<int64_t> At(int64_t key, TimeWindow window) {
    Must(backend_->SetCurrentKey(key));
    Must(state_.SetCurrentNamespace(window));
    return Current(state_);
  }
  Status Apply(TimeWindow window, const std::function<Status(int64_t key)>& function) {
    return backend_->backend().ApplyToAllKeys("v", Encode(window), [&](ByteView key, InternalKVState& state) {
      EXPECT_EQ(&state, state_.internal());
      EXPECT_EQ(backend_->backend().current_key(), key);
      EXPECT_EQ(state.current_namespace(), Encode(window));
      return function(Must(Decode<int64_t>(key)));
    });
  }

  static constexpr TimeWindow kWindow{0, 10};
  static constexpr TimeWindow kOther{10, 20};
  std::optional<KeyedBackend<int64_t>> backend_;
  ValueState<int64_t> state_;
};
KVSTATE_ON_EVERY_BACKEND(ApplyToAllKeysTest);

TEST_P(ApplyToAllKeysTest, CallsOnceWithEachKeyOfTheNamespace) {
  Put(500, kOther, 1);
  std::map<int64_t, int> called;
  EXPECT_OK(Apply(kWindow, [&](int64_t key) {
    ++called[key];
    EXPECT_EQ(Current(state_), key);
    return state_.Update(key * 2);
  }));
  EXPECT_EQ(called.size(), 100u);
  for (const auto& [key, times] : called) EXPECT_EQ(times, 1) << key;
  for (int64_t key = 0; key < 100; ++key) EXPECT_EQ(At(key, kWindow), key * 2);
  EXPECT_EQ(At(500, kOther), 1);
}

TEST_P(ApplyToAllKeysTest, ToleratesClearingAndAddingState) {
  std::map<int64_t, int> called;
  EXPECT_OK(Apply(kWindow, [&](int64_t key) {
    ++called[key];
    Must(state_.Clear());
    if (key < 100) Put(key + 1000, kWindow, key);
    if (key % 2 == 0 && key < 100) Put(key, kOther, key);
    return Status();
  }));
  for (int64_t key = 0; key < 100; ++key) {
    EXPECT_EQ(called[key], 1) << key;
    EXPECT_EQ(At(key, kWindow), std::nullopt);
    EXPECT_EQ(At(key, kOther), key % 2 == 0 ? std::optional<int64_t>(key) : std::nullopt);
    if (!called.contains(key + 1000)) {
      EXPECT_EQ(At(key + 1000, kWindow), key);
    }
  }
  for (const auto& [key, times] : called) EXPECT_EQ(times, 1) << key;
}

TEST_P(ApplyToAllKeysTest, ClearingThenAddingTheSameKeyCallsItOnce) {
  std::map<int64_t, int> called;
  EXPECT_OK(Apply(kWindow, [&](int64_t key) {
    ++called[key];
    Must(state_.Clear());
    return state_.Update(-key);
  }));
  EXPECT_EQ(called.size(), 100u);
  for (const auto& [key, times] : called) EXPECT_EQ(times, 1) << key;
  EXPECT_EQ(At(7, kWindow), -7);
}

TEST_P(ApplyToAllKeysTest, TheFunctionMayWriteOtherStates) {
  auto other = Must(backend_->GetState(ListStateDescriptor<int64_t>("other")));
  EXPECT_OK(Apply(kWindow, [&](int64_t key) { return other.Add(key); }));
  EXPECT_EQ(KeysOf(backend_->backend(), "other", kVoid).size(), 100u);
}

TEST_P(ApplyToAllKeysTest, TheFunctionMayMakeStates) {
  EXPECT_OK(Apply(kWindow, [&](int64_t key) {
    auto made = Must(backend_->GetState(ValueStateDescriptor<int64_t>("made " + std::to_string(key % 3))));
    return made.Update(key);
  }));
  EXPECT_EQ(backend_->backend().StateNames().size(), 4u);
  EXPECT_EQ(Must(backend_->backend().NumEntries()), 200u);
}

TEST_P(ApplyToAllKeysTest, KeyAndNamespaceAreAsBeforeAfterwards) {
  Must(backend_->SetCurrentKey(42));
  Must(state_.SetCurrentNamespace(kOther));
  Must(state_.Update(4242));
  EXPECT_OK(Apply(kWindow, [&](int64_t) {
    Must(backend_->SetCurrentKey(77));
    return state_.SetCurrentNamespace(TimeWindow{99, 100});
  }));
  EXPECT_EQ(backend_->backend().current_key(), Encode(int64_t{42}));
  EXPECT_EQ(state_.internal()->current_namespace(), Encode(kOther));
  EXPECT_EQ(Current(state_), 4242);
}

TEST_P(ApplyToAllKeysTest, NoKeyAndNoNamespaceAreAsBeforeAfterwards) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
  EXPECT_OK(
      backend.backend().ApplyToAllKeys("v", Encode(kWindow), [](ByteView, InternalKVState&) { return Status(); }));
  EXPECT_EQ(backend.backend().current_key(), "");
  EXPECT_EQ(state.internal()->current_namespace(), "");
  Must(state.SetCurrentNamespace(kWindow));
  EXPECT_CODE(state.Get(), kFailedPrecondition) << "still no key";
}

TEST_P(ApplyToAllKeysTest, AnEmptyNamespaceThatWasSetIsSetAfterwards) {
  auto backend = OpenRaw();
  InternalKVState* made =
      Must(backend.backend().GetOrCreateState(RawBytesSerializer(), ValueStateDescriptor<int64_t>("v")));
  ValueState<int64_t> state(static_cast<InternalValueState*>(made));
  Must(backend.SetCurrentKey("k"));
  Must(made->SetCurrentNamespace(""));
  Must(state.Update(1));
  EXPECT_OK(backend.backend().ApplyToAllKeys("v", "", [](ByteView, InternalKVState&) { return Status(); }));
  EXPECT_OK(state.Get());
}

TEST_P(ApplyToAllKeysTest, StopsAtTheFirstFailureAndGivesIt) {
  Must(backend_->SetCurrentKey(42));
  int calls = 0;
  EXPECT_CODE(Apply(kWindow, [&](int64_t) { return ++calls == 3 ? CancelledError("stopped by the test") : Status(); }),
              kCancelled);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(backend_->backend().current_key(), Encode(int64_t{42}));
}

TEST_P(ApplyToAllKeysTest, NoSuchStateIsNotFound) {
  EXPECT_CODE(backend_->backend().ApplyToAllKeys("missing", kVoid, [](ByteView, InternalKVState&) { return Status(); }),
              kNotFound);
}

}  // namespace
}  // namespace kvstate::conformance

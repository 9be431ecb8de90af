#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

using Accumulator = std::pair<int64_t, std::string>;

/// Counts its inputs and keeps them in order; starts at a count that is not the type's own zero.
struct Trail {
  Accumulator Create() const { return {1000, "^"}; }
  void Add(Accumulator& a, const int32_t& in) const {
    ++a.first;
    a.second += std::to_string(in) + ";";
  }
  std::string Result(const Accumulator& a) const { return std::to_string(a.first) + ":" + a.second; }
  void Merge(Accumulator& a, const Accumulator& b) const {
    a.first += b.first - 1000;
    a.second += b.second;
  }
};

class AggregatingTest : public BackendTest {
 protected:
  static AggregatingStateDescriptor<int32_t, Accumulator, std::string> Descriptor() {
    return {"a", MakeAggregateFunction<int32_t, Accumulator, std::string>(Trail())};
  }
};
KVSTATE_ON_EVERY_BACKEND(AggregatingTest);

TEST_P(AggregatingTest, GetGivesTheResultAndGetInternalTheAccumulator) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(Must(state.Get()), nullptr);
  EXPECT_EQ(Must(state.GetInternal()), nullptr);
  EXPECT_OK(state.Add(7));
  EXPECT_OK(state.Add(-8));
  EXPECT_EQ(Current(state), "1002:^7;-8;");
  EXPECT_EQ(*Must(state.GetInternal()), (Accumulator{1002, "^7;-8;"}));
}

TEST_P(AggregatingTest, StartsAnewAfterClear) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  Must(state.Add(1));
  Must(state.Clear());
  EXPECT_EQ(Must(state.Get()), nullptr);
  Must(state.Add(2));
  EXPECT_EQ(Current(state), "1001:^2;");
}

TEST_P(AggregatingTest, TheAccumulatorIsReadAndOverwritten) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(state.UpdateInternal({5, "five"}));
  EXPECT_EQ(Current(state), "5:five");
  Must(state.Add(6));
  EXPECT_EQ(*Must(state.GetInternal()), (Accumulator{6, "five6;"}));
  EXPECT_OK(state.internal()->UpdateInternal(Must(state.internal()->GetInternal())));
  EXPECT_EQ(Current(state), "6:five6;");
  EXPECT_OK(state.internal()->UpdateInternal(nullptr));
  EXPECT_EQ(Must(state.Get()), nullptr);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(AggregatingTest, RefusesNull) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  EXPECT_CODE(state.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_EQ(Must(state.Get()), nullptr) << "and makes no accumulator";
}

TEST_P(AggregatingTest, KeysAreApart) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(Descriptor()));
  for (int round = 0; round < 3; ++round) {
    for (int64_t key = 0; key < 200; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Add(static_cast<int32_t>(key)));
    }
  }
  for (int64_t key = 0; key < 200; ++key) {
    const std::string one = std::to_string(key) + ";";
    Must(backend.SetCurrentKey(key));
    ASSERT_EQ(Current(state), "1003:^" + one + one + one);
  }
}

}  // namespace
}  // namespace kvstate::conformance

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

std::shared_ptr<const ReduceFunction> Sum(bool thread_safe) {
  return MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& v) { a += v; }, thread_safe);
}

class ReducingTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(ReducingTest);

TEST_P(ReducingTest, FoldsEachValueIntoTheFirst) {
  auto backend = Open<std::string>();
  for (const bool thread_safe : {false, true}) {
    const std::string name = thread_safe ? "put off" : "at once";
    auto state = Must(backend.GetState(ReducingStateDescriptor<int64_t>(name, Sum(thread_safe))));
    Must(backend.SetCurrentKey("k"));
    EXPECT_EQ(Current(state), std::nullopt);
    EXPECT_OK(state.Add(5));
    EXPECT_EQ(Current(state), 5);
    EXPECT_OK(state.Add(-7));
    EXPECT_EQ(Current(state), -2);
    Must(state.Clear());
    EXPECT_EQ(Current(state), std::nullopt);
    Must(state.Add(1));
    EXPECT_EQ(Current(state), 1) << "starts anew";
  }
}

TEST_P(ReducingTest, KeepsTheOrderOfAdds) {
  auto backend = Open<int64_t>();
  for (const bool thread_safe : {false, true}) {
    const std::string name = thread_safe ? "put off" : "at once";
    auto state = Must(backend.GetState(ReducingStateDescriptor<std::string>(name, Concatenate(thread_safe))));
    std::string expected[2];
    for (int i = 0; i < 600; ++i) {
      const int64_t key = i % 7 % 2;
      const std::string text = std::to_string(i) + ",";
      Must(backend.SetCurrentKey(key));
      Must(state.Add(text));
      expected[key] += text;
      if (i % 250 == 100) {
        EXPECT_EQ(Current(state), expected[key]);
      }
    }
    for (const int64_t key : {0, 1}) {
      Must(backend.SetCurrentKey(key));
      EXPECT_EQ(Current(state), expected[key]);
    }
  }
}

TEST_P(ReducingTest, RefusesNullAndStaysAsItWas) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ReducingStateDescriptor<int64_t>("r", Sum(true))));
  Must(backend.SetCurrentKey("k"));
  EXPECT_CODE(state.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_EQ(Current(state), std::nullopt);
  Must(state.Add(3));
  EXPECT_CODE(state.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_EQ(Current(state), 3);
}

TEST_P(ReducingTest, TheAccumulatorIsTheReducedValue) {
  auto backend = Open<std::string>();
  for (const bool thread_safe : {false, true}) {
    const std::string name = thread_safe ? "put off" : "at once";
    auto state = Must(backend.GetState(ReducingStateDescriptor<std::string>(name, Concatenate(thread_safe))));
    Must(backend.SetCurrentKey("k"));
    EXPECT_EQ(Must(state.internal()->GetInternal()), nullptr);
    const std::string text = "written";
    EXPECT_OK(state.internal()->UpdateInternal(&text));
    EXPECT_EQ(Current(state), "written");
    Must(state.Add("+"));
    EXPECT_EQ(*static_cast<const std::string*>(Must(state.internal()->GetInternal())), "written+");
    EXPECT_OK(state.internal()->UpdateInternal(Must(state.internal()->GetInternal())));
    EXPECT_EQ(Current(state), "written+");
    EXPECT_OK(state.internal()->UpdateInternal(nullptr));
    EXPECT_EQ(Current(state), std::nullopt);
    EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
  }
}

TEST_P(ReducingTest, AddTakesThePointerThatGetGaveOfAnotherState) {
  auto backend = Open<std::string>();
  auto from = Must(backend.GetState(ReducingStateDescriptor<std::string>("from", Concatenate())));
  auto to = Must(backend.GetState(ReducingStateDescriptor<std::string>("to", Concatenate())));
  Must(backend.SetCurrentKey("k"));
  Must(from.Add(std::string(100, 'f')));
  Must(to.Add("t"));
  Must(to.Add(*Must(from.Get())));
  EXPECT_EQ(Current(to), "t" + std::string(100, 'f'));
}

}  // namespace
}  // namespace kvstate::conformance

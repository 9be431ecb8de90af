#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class FoldingTest : public BackendTest {
 protected:
  static FoldingStateDescriptor<int32_t, std::string> Descriptor() {
    return {"f", "start", MakeFoldFunction<int32_t, std::string>([](std::string& a, const int32_t& in) {
              a += "," + std::to_string(in);
            })};
  }
};
KVSTATE_ON_EVERY_BACKEND(FoldingTest);

TEST_P(FoldingTest, StartsAtTheInitialValueWithTheFirstInput) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(Must(state.Get()), nullptr) << "the initial value is not a default to read";
  EXPECT_OK(state.Add(1));
  EXPECT_OK(state.Add(2));
  EXPECT_EQ(Current(state), "start,1,2");
  Must(state.Clear());
  EXPECT_EQ(Must(state.Get()), nullptr);
  Must(state.Add(3));
  EXPECT_EQ(Current(state), "start,3") << "the initial value is copied, never folded into";
}

TEST_P(FoldingTest, KeysAreApart) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(Descriptor()));
  for (const int32_t n : {1, 2}) {
    for (int64_t key = 0; key < 100; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Add(n));
    }
  }
  for (int64_t key = 0; key < 100; ++key) {
    Must(backend.SetCurrentKey(key));
    ASSERT_EQ(Current(state), "start,1,2");
  }
}

TEST_P(FoldingTest, TheAccumulatorIsTheFoldedValue) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  const std::string text = "written";
  EXPECT_OK(state.internal()->UpdateInternal(&text));
  Must(state.Add(4));
  EXPECT_EQ(*static_cast<const std::string*>(Must(state.internal()->GetInternal())), "written,4");
  EXPECT_OK(state.internal()->UpdateInternal(Must(state.internal()->GetInternal())));
  EXPECT_EQ(Current(state), "written,4");
  EXPECT_OK(state.internal()->UpdateInternal(nullptr));
  EXPECT_EQ(Must(state.Get()), nullptr);
}

TEST_P(FoldingTest, RefusesNull) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(Descriptor()));
  Must(backend.SetCurrentKey("k"));
  EXPECT_CODE(state.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_EQ(Must(state.Get()), nullptr) << "and makes no accumulator";
}

}  // namespace
}  // namespace kvstate::conformance

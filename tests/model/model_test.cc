#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "tests/model/backends_under_test.h"
#include "tests/model/generators.h"

namespace kvstate::model {
namespace {

class ModelTest : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, ModelTest, ::testing::ValuesIn(Backends().Names()),
                         [](const auto& param) { return param.param; });

TEST_P(ModelTest, RandomProgramsDoWhatThePlainModelDoes) {
  const auto factory = Backends().Find(GetParam());
  ASSERT_TRUE(factory.ok());
  const bool agreed = rc::check(GetParam() + " does what the plain model does", [&](const Program& program) {
    const std::string difference = FirstDifference(**factory, program, &Backends());
    if (!difference.empty()) RC_FAIL(difference);
  });
  EXPECT_TRUE(agreed) << "the shrunk program and how to run it again stand above; it belongs in regressions_test.cc";
}

}  // namespace
}  // namespace kvstate::model

int main(int argc, char** argv) {
  // The same programs each time, unless asked for others: rapidcheck reads this variable, and prints it on failure.
  setenv("RC_PARAMS", "seed=20240229 max_success=100 max_size=400", 0);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

#include <gtest/gtest.h>

#include <iostream>

#include "tests/conformance/conformance.h"

int main(int argc, char** argv) {
  kvstate::conformance::RegisterTtlMatrix();
  ::testing::InitGoogleTest(&argc, argv);
  const int outcome = RUN_ALL_TESTS();
  const bool listing = GTEST_FLAG_GET(list_tests);
  if (!listing && ::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    std::cerr << "no test matches the filter: a suite that runs nothing proves nothing\n";
    return 1;
  }
  return outcome;
}

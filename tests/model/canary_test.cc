#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/model/backends_under_test.h"
#include "tests/model/generators.h"
#include "tests/support/faulty_backend.h"

namespace kvstate::model {
namespace {

using testing_support::Fault;
using testing_support::MakeFaultyFactory;

/// Whether random programs find no difference. `report` is the failure's text, the shrunk program in it.
bool Agrees(Fault fault, std::string* report) {
  const auto sound = Backends().Find("hashmap");
  const auto factory = MakeFaultyFactory("canary", **sound, fault);
  return rc::check("canary", [&](const Program& program) {
    const std::string difference = FirstDifference(*factory, program);
    if (difference.empty()) return;
    *report = difference;
    RC_FAIL(difference);
  });
}

TEST(ModelCanaryTest, TheDecoratorWithoutAFaultPasses) {
  std::string report;
  EXPECT_TRUE(Agrees(Fault::kNone, &report)) << report;
}

TEST(ModelCanaryTest, AnUpdateLostOfEveryThreeIsFoundAndShrunk) {
  std::string report;
  EXPECT_FALSE(Agrees(Fault::kLosesUpdates, &report));
  EXPECT_NE(report.find("state 'value"), std::string::npos) << report;
}

TEST(ModelCanaryTest, EveryOtherFaultIsFound) {
  for (const Fault fault :
       {Fault::kNullUpdateIgnored, Fault::kAddAllReversed, Fault::kMergeIgnored, Fault::kNullValueRemoves,
        Fault::kRemoveTwice, Fault::kKeysTwice, Fault::kSnapshotMissesAKey, Fault::kSnapshotOfLater,
        Fault::kUnclaimedForgotten, Fault::kCancelIgnored}) {
    std::string report;
    EXPECT_FALSE(Agrees(fault, &report)) << static_cast<int>(fault);
    EXPECT_FALSE(report.empty());
  }
}

}  // namespace
}  // namespace kvstate::model

int main(int argc, char** argv) {
  setenv("RC_PARAMS", "seed=20240229 max_success=100 max_size=400", 0);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "tests/model/backends_under_test.h"
#include "tests/model/generators.h"
#include "tests/support/faulty_backend.h"

namespace kvstate::model {
namespace {

using testing_support::Fault;
using testing_support::MakeFaultyFactory;

constexpr int kMaxSize = 400;

std::unique_ptr<BackendFactory> Faulty(Fault fault) {
  return MakeFaultyFactory("canary", **Backends().Find("hashmap"), fault);
}

struct NamedFault {
  const char* name;
  Fault fault;
};
void PrintTo(const NamedFault& fault, std::ostream* out) { *out << fault.name; }

class ModelCanaryTest : public ::testing::TestWithParam<NamedFault> {};

INSTANTIATE_TEST_SUITE_P(
    Faults, ModelCanaryTest,
    ::testing::Values(
        NamedFault{"LosesUpdates", Fault::kLosesUpdates}, NamedFault{"NullUpdateIgnored", Fault::kNullUpdateIgnored},
        NamedFault{"AddAllReversed", Fault::kAddAllReversed}, NamedFault{"MergeIgnored", Fault::kMergeIgnored},
        NamedFault{"NullValueRemoves", Fault::kNullValueRemoves}, NamedFault{"RemoveTwice", Fault::kRemoveTwice},
        NamedFault{"KeysTwice", Fault::kKeysTwice}, NamedFault{"SnapshotMissesAKey", Fault::kSnapshotMissesAKey},
        NamedFault{"SnapshotOfLater", Fault::kSnapshotOfLater},
        NamedFault{"UnclaimedForgotten", Fault::kUnclaimedForgotten},
        NamedFault{"CancelIgnored", Fault::kCancelIgnored}, NamedFault{"ExpiredShown", Fault::kExpiredShown},
        NamedFault{"DroppedAlive", Fault::kDroppedAlive}, NamedFault{"ExpiresLate", Fault::kExpiresLate},
        NamedFault{"ExpiresEarly", Fault::kExpiresEarly}, NamedFault{"TimesForgotten", Fault::kTimesForgotten},
        NamedFault{"IsEmptyBlind", Fault::kIsEmptyBlind}, NamedFault{"ReadsDoNotRenew", Fault::kReadsDoNotRenew},
        NamedFault{"MergeRenews", Fault::kMergeRenews}, NamedFault{"SweepDropsLiving", Fault::kSweepDropsLiving},
        NamedFault{"TimersDoubled", Fault::kTimersDoubled}, NamedFault{"TimersUnordered", Fault::kTimersUnordered},
        NamedFault{"TimerUnsaved", Fault::kTimerUnsaved}),
    [](const auto& named) { return named.param.name; });

// As many programs as the test of a sound backend runs, and no shrinking: that it is found is all that is asked.
TEST_P(ModelCanaryTest, IsFoundByARandomProgram) {
  const auto factory = Faulty(GetParam().fault);
  rc::Random random(20240229);
  std::string difference;
  int programs = 0;
  for (; programs < 100 && difference.empty(); ++programs) {
    const int size = kMaxSize * programs / 100;
    difference = FirstDifference(*factory, rc::gen::arbitrary<Program>()(random.split(), size).value());
  }
  EXPECT_NE(difference, "") << GetParam().name << " was not found";
  RecordProperty("programs", programs);
  RecordProperty("difference", difference);
}

/// Whether random programs find no difference. `report` is the failure's text, the shrunk program in it.
bool Agrees(Fault fault, std::string* report) {
  const auto factory = Faulty(fault);
  return rc::check("canary", [&](const Program& program) {
    const std::string difference = FirstDifference(*factory, program);
    if (difference.empty()) return;
    *report = difference;
    RC_FAIL(difference);
  });
}

TEST(ModelCheckTest, TheDecoratorWithoutAFaultPasses) {
  std::string report;
  EXPECT_TRUE(Agrees(Fault::kNone, &report)) << report;
}

TEST(ModelCheckTest, WhatIsFoundIsShrunk) {
  std::string report;
  EXPECT_FALSE(Agrees(Fault::kAddAllReversed, &report));
  EXPECT_NE(report.find("step 0 of 1"), std::string::npos) << report;
}

}  // namespace
}  // namespace kvstate::model

int main(int argc, char** argv) {
  setenv("RC_PARAMS", "seed=20240229 max_success=100 max_size=400", 0);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/backends.h"
#include "tests/conformance/conformance.h"
#include "tests/support/faulty_backend.h"

// Runs the suite on backends that are broken on purpose: it passes when the suite finds every one of them out. An
// argument says in which group of them.

namespace kvstate::conformance {
namespace {

using testing_support::Fault;

constexpr std::string_view kFaultless = "faultless";

/// Faults, by the name of the backend that has it, and the tests that are to find each of them.
struct Group {
  std::map<std::string, Fault> faults;
  std::vector<std::string> tests;
  std::string leave_out;
};

const std::map<std::string_view, Group>& Groups() {
  static const std::map<std::string_view, Group> groups = {{"accesses",
                                                            {{{"loses_updates", Fault::kLosesUpdates},
                                                              {"null_update_ignored", Fault::kNullUpdateIgnored},
                                                              {"add_all_reversed", Fault::kAddAllReversed},
                                                              {"null_element_taken", Fault::kNullElementTaken},
                                                              {"merge_ignored", Fault::kMergeIgnored},
                                                              {"null_value_removes", Fault::kNullValueRemoves},
                                                              {"remove_twice", Fault::kRemoveTwice},
                                                              {"keys_twice", Fault::kKeysTwice},
                                                              {"foreign_key_taken", Fault::kForeignKeyTaken}},
                                                             {"*"},
                                                             "*Snapshot*:*Ttl*:*Timer*:*LimitsTest*:*QueryableTest*"}},
                                                           {"snapshots",
                                                            {{{"snapshot_misses_a_key", Fault::kSnapshotMissesAKey},
                                                              {"snapshot_of_later", Fault::kSnapshotOfLater},
                                                              {"unclaimed_forgotten", Fault::kUnclaimedForgotten},
                                                              {"confirms_unasked", Fault::kConfirmsUnasked},
                                                              {"claims_unasked", Fault::kClaimsUnasked},
                                                              {"cancel_ignored", Fault::kCancelIgnored},
                                                              {"ids_unchecked", Fault::kIdsUnchecked},
                                                              {"refusals_ignored", Fault::kRefusalsIgnored},
                                                              {"damage_ignored", Fault::kDamageIgnored},
                                                              {"reused_files_uncounted", Fault::kReusedFilesUncounted},
                                                              {"incompatible_taken", Fault::kIncompatibleTaken}},
                                                             {"*Snapshot*"},
                                                             "*SnapshotBesideWritesTest*:*Timer*"}},
                                                           {"ttl",
                                                            {{{"expired_shown", Fault::kExpiredShown},
                                                              {"dropped_alive", Fault::kDroppedAlive},
                                                              {"expires_late", Fault::kExpiresLate},
                                                              {"expires_early", Fault::kExpiresEarly},
                                                              {"times_forgotten", Fault::kTimesForgotten},
                                                              {"prefix_alone_dropped", Fault::kPrefixAloneDropped},
                                                              {"is_empty_blind", Fault::kIsEmptyBlind},
                                                              {"reads_do_not_renew", Fault::kReadsDoNotRenew},
                                                              {"merge_renews", Fault::kMergeRenews},
                                                              {"sweep_drops_living", Fault::kSweepDropsLiving}},
                                                             {"*Ttl*"},
                                                             ""}},
                                                           {"timers",
                                                            {{{"timers_doubled", Fault::kTimersDoubled},
                                                              {"timers_unordered", Fault::kTimersUnordered},
                                                              {"timer_unsaved", Fault::kTimerUnsaved},
                                                              {"foreign_timers_kept", Fault::kForeignTimersKept}},
                                                             {"*Timer*"},
                                                             ""}}};
  return groups;
}

/// The one that this program was told.
const Group*& TheGroup() {
  static const Group* group = nullptr;
  return group;
}

/// Tests that meet several backends would find a fault of one on another.
std::string Filter(const Group& group) {
  std::string run;
  for (const std::string& tests : group.tests) {
    run += tests + "/" + std::string(kFaultless) + ":";
    for (const auto& [name, fault] : group.faults) run += tests + "/" + name + ":";
  }
  run.back() = '-';
  return run + "*EveryBackend*:" + group.leave_out;
}

/// Counts failed tests by backend, in place of printing each.
class FailureCounter final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestEnd(const ::testing::TestInfo& test) override {
    const std::string name = test.name();
    const std::string backend = name.substr(name.rfind('/') + 1);
    ++run_[backend];
    if (!test.result()->Failed()) return;
    if (++failed_[backend] == 1 || backend == kFaultless)
      std::cout << test.test_suite_name() << "." << name << " failed\n";
  }
  /// Whether each fault was found out, and the decorator alone was not.
  bool Verdict(const Group& group) const {
    bool good = IsAsExpected(std::string(kFaultless), false);
    for (const auto& [backend, fault] : group.faults) good = IsAsExpected(backend, true) && good;
    return good;
  }

 private:
  bool IsAsExpected(const std::string& backend, bool has_fault) const {
    const int run = Count(run_, backend);
    const int failed = Count(failed_, backend);
    const bool as_expected = run > 0 && (failed > 0) == has_fault;
    std::cout << backend << ": " << failed << " of " << run << " tests failed, "
              << (as_expected ? "as they should\n" : "WHICH IS WRONG\n");
    return as_expected;
  }
  static int Count(const std::map<std::string, int>& counts, const std::string& backend) {
    const auto found = counts.find(backend);
    return found == counts.end() ? 0 : found->second;
  }
  std::map<std::string, int> run_;
  std::map<std::string, int> failed_;
};

}  // namespace

const BackendRegistry& TestedBackends() {
  static const BackendRegistry builtin = [] {
    BackendRegistry made;
    Must(RegisterBuiltinBackends(made));
    return made;
  }();
  static const BackendRegistry faulty = [] {
    BackendRegistry made;
    const BackendFactory& sound = *Must(builtin.Find("hashmap"));
    Must(made.Register(testing_support::MakeFaultyFactory(std::string(kFaultless), sound, Fault::kNone)));
    for (const auto& [name, fault] : TheGroup()->faults) {
      Must(made.Register(testing_support::MakeFaultyFactory(name, sound, fault)));
    }
    return made;
  }();
  return faulty;
}

}  // namespace kvstate::conformance

int main(int argc, char** argv) {
  using namespace kvstate::conformance;
  const auto group = argc > 1 ? Groups().find(argv[1]) : Groups().end();
  if (group == Groups().end()) {
    std::cerr << "usage: conformance_canary accesses|snapshots|ttl|timers\n";
    return 2;
  }
  TheGroup() = &group->second;
  GTEST_FLAG_SET(filter, Filter(group->second));
  RegisterTtlMatrix();
  ::testing::InitGoogleTest(&argc, argv);
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* counter = new FailureCounter;
  listeners.Append(counter);
  const bool some_failed = RUN_ALL_TESTS() != 0;  // As they must.
  return counter->Verdict(group->second) && some_failed ? 0 : 1;
}

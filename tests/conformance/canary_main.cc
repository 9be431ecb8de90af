#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>

#include "kvstate/backends.h"
#include "tests/conformance/conformance.h"
#include "tests/support/faulty_backend.h"

// Runs the suite on backends that are broken on purpose: it passes when the suite finds every one of them out.

namespace kvstate::conformance {
namespace {

using testing_support::Fault;

constexpr std::string_view kFaultless = "faultless";

const std::map<std::string, Fault>& Faults() {
  static const std::map<std::string, Fault> faults = {{std::string(kFaultless), Fault::kNone},
                                                      {"loses_updates", Fault::kLosesUpdates},
                                                      {"null_update_ignored", Fault::kNullUpdateIgnored},
                                                      {"add_all_reversed", Fault::kAddAllReversed},
                                                      {"null_element_taken", Fault::kNullElementTaken},
                                                      {"merge_ignored", Fault::kMergeIgnored},
                                                      {"null_value_removes", Fault::kNullValueRemoves},
                                                      {"remove_twice", Fault::kRemoveTwice},
                                                      {"keys_twice", Fault::kKeysTwice},
                                                      {"foreign_key_taken", Fault::kForeignKeyTaken},
                                                      {"snapshot_misses_a_key", Fault::kSnapshotMissesAKey},
                                                      {"snapshot_of_later", Fault::kSnapshotOfLater},
                                                      {"unclaimed_forgotten", Fault::kUnclaimedForgotten},
                                                      {"confirms_unasked", Fault::kConfirmsUnasked},
                                                      {"claims_unasked", Fault::kClaimsUnasked},
                                                      {"cancel_ignored", Fault::kCancelIgnored},
                                                      {"ids_unchecked", Fault::kIdsUnchecked},
                                                      {"refusals_ignored", Fault::kRefusalsIgnored},
                                                      {"damage_ignored", Fault::kDamageIgnored},
                                                      {"reused_files_uncounted", Fault::kReusedFilesUncounted}};
  return faults;
}

/// The tests that are to find each fault: those of snapshots, or the others.
std::string Filter() {
  std::string run = "*/" + std::string(kFaultless);
  std::string leave_out = "*LimitsTest*:*QueryableTest*:*SnapshotBesideWritesTest*:*OnEveryBackend*";
  for (const auto& [name, fault] : Faults()) {
    if (fault == Fault::kNone) continue;
    const bool of_snapshots = fault >= Fault::kSnapshotMissesAKey;
    run += of_snapshots ? ":*Snapshot*/" + name : ":*/" + name;
    if (!of_snapshots) leave_out += ":*Snapshot*/" + name;
  }
  return run + "-" + leave_out;
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
  bool Verdict() const {
    bool good = true;
    for (const auto& [backend, fault] : Faults()) {
      const int run = Count(run_, backend);
      const int failed = Count(failed_, backend);
      const bool as_expected = run > 0 && (failed > 0) == (fault != Fault::kNone);
      std::cout << backend << ": " << failed << " of " << run << " tests failed, "
                << (as_expected ? "as they should\n" : "WHICH IS WRONG\n");
      good = good && as_expected;
    }
    return good;
  }

 private:
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
    for (const auto& [name, fault] : Faults()) Must(made.Register(MakeFaultyFactory(name, sound, fault)));
    return made;
  }();
  return faulty;
}

}  // namespace kvstate::conformance

int main(int argc, char** argv) {
  GTEST_FLAG_SET(filter, kvstate::conformance::Filter());
  kvstate::conformance::RegisterTtlMatrix();
  ::testing::InitGoogleTest(&argc, argv);
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* counter = new kvstate::conformance::FailureCounter;
  listeners.Append(counter);
  const bool some_failed = RUN_ALL_TESTS() != 0;  // As they must.
  return counter->Verdict() && some_failed ? 0 : 1;
}

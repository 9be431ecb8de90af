// What the state micro-benchmarks leave in a trace: the set-up, which fills, and then one access for each event.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "harness/replay/memory_trace.h"
#include "harness/run/record_workload.h"
#include "kvstate/backends.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr uint64_t kKeys = 30;
constexpr uint64_t kEvents = 100;

using Counts = std::map<std::string, uint64_t, std::less<>>;

class StateMicroMixTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(RegisterBuiltinBackends(registry_)); }

  /// How many operations of each kind there are, those that fill apart.
  void Record(const std::string& workload, workloads::Parameters parameters, Counts* filling, Counts* measured) {
    MemoryTrace trace;
    SuiteWorkload entry{.name = workload, .base = workload, .workload = workload, .source = {}, .operators = {}};
    entry.source = {{"events", std::to_string(kEvents)}, {"setup_keys", std::to_string(kKeys)}, {"new_keys", "20"}};
    entry.operators = std::move(parameters);
    ASSERT_OK(RecordEntry(
        entry, registry_, directory_.work(), &trace, [] { return false; }, [](uint64_t, uint64_t) {}));
    uint64_t seen = 0;
    while (true) {
      ASSERT_OK_AND_ASSIGN(const auto* chunk, trace.NextChunk());
      if (chunk->empty()) return;
      for (const TraceOperation& operation : *chunk) {
        std::string name(OperationName(operation.operation));
        if (operation.reads_keys) name += " keys";
        if (operation.reads_values) name += " values";
        ++(*(seen++ < trace.fill_operations() ? filling : measured))[name];
      }
    }
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
};

TEST_F(StateMicroMixTest, EachEventIsOneAccessAfterASetUpThatFills) {
  struct Case {
    std::string workload;
    std::string set_up;  ///< What fills, and how often a key.
    uint64_t set_up_times;
    std::map<std::string, std::string> operations;  ///< Of each access.
  };
  const Case cases[] = {
      {"state_micro_value", "update", 1, {{"update", "update"}, {"add", "update"}, {"get", "get"}, {"clear", "clear"}}},
      {"state_micro_list",
       "add_all",
       1,
       {{"update", "update"},
        {"add", "update"},
        {"append", "add"},
        {"get", "get"},
        {"add_all", "add_all"},
        {"clear", "clear"}}},
      {"state_micro_map",
       "map_put",
       10,
       {{"update", "map_put"},
        {"add", "map_put"},
        {"get", "map_get"},
        {"contains", "map_contains"},
        {"is_empty", "map_is_empty"},
        {"keys", "map_scan keys"},
        {"values", "map_scan values"},
        {"entries", "map_scan keys values"},
        {"remove", "map_remove"},
        {"clear", "clear"}}},
  };
  for (const Case& of : cases) {
    for (const auto& [access, operation] : of.operations) {
      SCOPED_TRACE(of.workload + " " + access);
      Counts filling;
      Counts measured;
      Record(of.workload, {{"access", access}}, &filling, &measured);
      EXPECT_EQ(filling, (Counts{{of.set_up, kKeys * of.set_up_times}}));
      EXPECT_EQ(measured, (Counts{{operation, kEvents}}));
    }
  }
}

TEST_F(StateMicroMixTest, PutAllPutsEachEntry) {
  Counts filling;
  Counts measured;
  Record("state_micro_map", {{"access", "put_all"}, {"map_entries", "4"}}, &filling, &measured);
  EXPECT_EQ(filling, (Counts{{"map_put", kKeys * 4}}));
  EXPECT_EQ(measured, (Counts{{"map_put", kEvents * 4}}));
}

}  // namespace
}  // namespace kvstate::harness

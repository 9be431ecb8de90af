#include "harness/run/suite.h"

#include <gtest/gtest.h>

#include <string>

#include "harness/run/builtin_suites.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

const std::string kGood =
    "suite: small\n"
    "repetitions: 3\n"
    "workloads:\n"
    "  - name: rmw\n"
    "    workload: value_rmw\n"
    "    source: {events: 10, keys: 4}\n"
    "    seed: 7\n"
    "  - name: dedup\n"
    "    checkpoint: {interval_ms: 500, kind: full, retained: 3}\n";

TEST(SuiteTest, ReadsWhatAFileSays) {
  ASSERT_OK_AND_ASSIGN(const Suite suite, ParseSuite(kGood, "small.yaml"));
  EXPECT_EQ(suite.name, "small");
  EXPECT_EQ(suite.repetitions, 3u);
  ASSERT_EQ(suite.workloads.size(), 2u);
  EXPECT_EQ(suite.workloads[0].workload, "value_rmw");
  EXPECT_EQ(suite.workloads[0].source.at("events"), "10");
  EXPECT_EQ(suite.workloads[0].seed, 7u);
  EXPECT_EQ(suite.workloads[1].workload, "dedup");
  EXPECT_FALSE(suite.workloads[0].checkpoint.has_value());
  EXPECT_EQ(suite.workloads[1].checkpoint,
            (CheckpointSettings{.interval_ms = 500, .kind = SnapshotKind::kFullCheckpoint, .retained = 3}));
}

TEST(SuiteTest, SteadyStateIsFilledCheckpointedAndSettledUnlessItSaysElse) {
  const std::string head = "suite: s\nscale: 0.5\nworkloads:\n  - name: dedup\n    steady_state: ";
  ASSERT_OK_AND_ASSIGN(const Suite some, ParseSuite(head + "{fill_events: 7}\n", "f.yaml"));
  EXPECT_EQ(some.scale, 0.5);
  EXPECT_EQ(
      some.workloads[0].steady_state,
      (SteadyStateSettings{.fill_events = 7, .checkpoint = SnapshotKind::kIncrementalCheckpoint, .settle = true}));
  ASSERT_OK_AND_ASSIGN(const Suite none, ParseSuite(head + "{checkpoint: none, settle: no}\n", "f.yaml"));
  EXPECT_EQ(none.workloads[0].steady_state, (SteadyStateSettings{.checkpoint = std::nullopt, .settle = false}));
}

TEST(SuiteTest, LoadIsWhatTheFlagsOfTheSameNamesAskFor) {
  const std::string head = "suite: s\nworkloads:\n  - name: dedup\n    load: ";
  ASSERT_OK_AND_ASSIGN(const Suite paced,
                       ParseSuite(head + "{rate: 1000, arrivals: poisson, parallelism: 3, seed: 7}\n", "f.yaml"));
  ASSERT_TRUE(paced.workloads[0].load.has_value());
  EXPECT_EQ(paced.workloads[0].load->pace.pace, Pace::kRate);
  EXPECT_EQ(paced.workloads[0].load->pace.rate, 1000);
  EXPECT_TRUE(paced.workloads[0].load->pace.poisson);
  EXPECT_EQ(paced.workloads[0].load->pace.seed, 7u);
  EXPECT_EQ(paced.workloads[0].load->parallelism, 3u);
  ASSERT_OK_AND_ASSIGN(const Suite searched,
                       ParseSuite(head + "{find_capacity: yes, latency_objective_ms: 2.5}\n", "f.yaml"));
  ASSERT_TRUE(searched.workloads[0].load->capacity.has_value());
  EXPECT_EQ(searched.workloads[0].load->capacity->latency_ms, 2.5);
  EXPECT_EQ(searched.workloads[0].load->capacity->quantile, "p99");
  ASSERT_OK_AND_ASSIGN(const Suite plain, ParseSuite(head + "{speed: max}\n", "f.yaml"));
  EXPECT_FALSE(plain.workloads[0].load.has_value());
}

TEST(SuiteTest, WaysOfCleanupAreAListOrAll) {
  const std::string head = "suite: s\nworkloads:\n  - name: ttl_dedup\n    ttl: ";
  ASSERT_OK_AND_ASSIGN(const Suite some, ParseSuite(head + "{cleanup: [no_ttl, sweep], moments: 7}\n", "f.yaml"));
  ASSERT_TRUE(some.workloads[0].ttl.has_value());
  EXPECT_EQ(some.workloads[0].ttl->strategies, (std::vector{TtlStrategy::kNoTtl, TtlStrategy::kSweep}));
  EXPECT_EQ(some.workloads[0].ttl->moments, 7u);
  ASSERT_OK_AND_ASSIGN(const Suite all, ParseSuite(head + "{cleanup: all}\n", "f.yaml"));
  EXPECT_EQ(all.workloads[0].ttl->strategies.size(), 7u);
  for (const char* wrong : {"{cleanup: [often]}", "{}", "{cleanup: all, moments: 0}", "{clean: all}", "all"}) {
    const auto parsed = ParseSuite(head + wrong + "\n", "f.yaml");
    EXPECT_CODE(parsed, kInvalidArgument) << wrong;
    EXPECT_MENTIONS(parsed, "f.yaml:4:");
  }
}

TEST(SuiteTest, EveryBuiltInSuiteIsGood) {
  EXPECT_FALSE(BuiltinSuites().empty());
  for (const BuiltinSuite& suite : BuiltinSuites()) EXPECT_OK(LoadSuite(std::string(suite.name)));
}

struct Mistake {
  const char* yaml;
  const char* line;
  const char* says;
};

TEST(SuiteTest, MistakesAreToldWithTheLineAndWhatIsAllowed) {
  const Mistake mistakes[] = {
      {"suite: s\nrepetitons: 3\nworkloads: []\n", "f.yaml:2:", "repetitions"},
      {"suite: s\nrepetitions: many\nworkloads: [{name: dedup}]\n", "f.yaml:2:", "from 1 to 1000"},
      {"suite: s\nrepetitions: 0\nworkloads: [{name: dedup}]\n", "f.yaml:2:", "from 1 to 1000"},
      {"suite: s\nworkloads: []\n", "f.yaml:2:", "at least one"},
      {"suite: s\nworkloads: 3\n", "f.yaml:2:", "must be a list"},
      {"suite: s\n", "f.yaml:1:", "'workloads' must be a list"},
      {"workloads: [{name: dedup}]\n", "f.yaml:1:", "'suite' is missing"},
      {"- a\n- b\n", "f.yaml:1:", "must be a map"},
      {"suite: s\nworkloads:\n  - name: a\n    workload: nothing\n", "f.yaml:4:", "value_rmw"},
      {"suite: s\nworkloads:\n  - name: dedup\n    sauce: {}\n", "f.yaml:4:", "source"},
      {"suite: s\nworkloads:\n  - name: dedup\n    source: {event: 3}\n", "f.yaml:4:", "events"},
      {"suite: s\nworkloads:\n  - name: dedup\n    source: {events: [3]}\n", "f.yaml:4:", "number or a word"},
      {"suite: s\nworkloads:\n  - name: dedup\n    source: {events: lots}\n", "f.yaml:4:", "events"},
      {"suite: s\nworkloads:\n  - name: dedup\n    seed: -1\n", "f.yaml:4:", "'seed'"},
      {"suite: s\nworkloads:\n  - name: dedup\n  - name: dedup\n", "f.yaml:4:", "stands twice"},
      {"suite: s\nworkloads:\n  - name: dedup\n    checkpoint: {}\n", "f.yaml:4:", "interval_ms"},
      {"suite: s\nworkloads:\n  - name: dedup\n    checkpoint: {interval: 5, interval_ms: 5}\n", "f.yaml:4:", "one of"},
      {"suite: s\nworkloads:\n  - name: dedup\n    checkpoint: {interval: 0}\n", "f.yaml:4:", "from 1 to"},
      {"suite: s\nworkloads:\n  - name: dedup\n    checkpoint: {interval: 5, kind: fast}\n", "f.yaml:4:", "savepoint"},
      {"suite: s\nworkloads:\n  - name: dedup\n    checkpoint: {interval: 5, retained: 0}\n", "f.yaml:4:", "retained"},
      {"suite: s\nworkloads:\n  - name: dedup\n    checkpoint: {every: 5}\n", "f.yaml:4:", "interval"},
      {"suite: s\nscale: big\nworkloads: [{name: dedup}]\n", "f.yaml:2:", "0.000001 to 1000000"},
      {"suite: s\nscale: 0\nworkloads: [{name: dedup}]\n", "f.yaml:2:", "0.000001 to 1000000"},
      {"suite: s\nworkloads:\n  - name: dedup\n    steady_state: {fill: 5}\n", "f.yaml:4:", "fill_events"},
      {"suite: s\nworkloads:\n  - name: dedup\n    steady_state: {fill_events: 0}\n", "f.yaml:4:", "from 1 to"},
      {"suite: s\nworkloads:\n  - name: dedup\n    steady_state: {checkpoint: some}\n", "f.yaml:4:", "none"},
      {"suite: s\nworkloads:\n  - name: dedup\n    steady_state: {settle: maybe}\n", "f.yaml:4:", "yes or no"},
      {"suite: s\nworkloads:\n  - name: ttl_dedup\n    ttl: {cleanup: all}\n    steady_state: {}\n",
       "f.yaml:5:", "exclude each other"},
      {"suite: s\nworkloads:\n  - name: dedup\n    load: {pace: 5}\n", "f.yaml:4:", "find_capacity"},
      {"suite: s\nworkloads:\n  - name: dedup\n    load: {rate: fast}\n", "f.yaml:4:", "operations a second"},
      {"suite: s\nworkloads:\n  - name: dedup\n    load: {rate: 5, speed: real}\n", "f.yaml:4:", "give one of them"},
      {"suite: s\nworkloads:\n  - name: dedup\n    load: {parallelism: 129}\n", "f.yaml:4:", "128"},
      {"suite: s\nworkloads:\n  - name: dedup\n    load: {find_capacity: yes}\n", "f.yaml:4:", "latency_objective_ms"},
      {"suite: s\nsuite: t\nworkloads: [{name: dedup}]\n", "f.yaml:2:", "stands twice"},
      {"suite: s\nworkloads: [\n", "f.yaml:", ""},
      {"suite: {\"\n", "f.yaml:", ""},
  };
  for (const Mistake& mistake : mistakes) {
    const auto parsed = ParseSuite(mistake.yaml, "f.yaml");
    EXPECT_CODE(parsed, kInvalidArgument) << mistake.yaml;
    EXPECT_MENTIONS(parsed, mistake.line) << mistake.yaml;
    EXPECT_MENTIONS(parsed, mistake.says) << mistake.yaml;
  }
}

TEST(SuiteTest, UnknownSuiteListsThoseThereAre) {
  EXPECT_CODE(LoadSuite("nothing"), kInvalidArgument);
  EXPECT_MENTIONS(LoadSuite("nothing"), "quick");
  EXPECT_CODE(LoadSuite("./nothing.yaml"), kNotFound);
}

TEST(SuiteTest, AFileIsReadByItsPath) {
  const TemporaryDirectory directory;
  EXPECT_OK(LoadSuite(directory.Write("mine.yaml", kGood)));
}

TEST(SuiteTest, ParametersAreOverriddenByNameAndByGlob) {
  ASSERT_OK_AND_ASSIGN(Suite suite, ParseSuite(kGood, "small.yaml"));
  ASSERT_OK(OverrideParameters(&suite, "rmw.source.events=5,*.source.keys=9"));
  EXPECT_EQ(suite.workloads[0].source.at("events"), "5");
  EXPECT_EQ(suite.workloads[0].source.at("keys"), "9");
  EXPECT_EQ(suite.workloads[1].source.at("keys"), "9");
  for (const char* wrong : {"rmw.source.events", "rmw.events=5", "none.source.events=5", "rmw.source.none=5",
                            "rmw.source.events=x", "rmw.other.events=1"}) {
    EXPECT_CODE(OverrideParameters(&suite, wrong), kInvalidArgument) << wrong;
  }
}

TEST(SuiteTest, WorkloadsAreSelectedByGlobs) {
  ASSERT_OK_AND_ASSIGN(Suite suite, ParseSuite(kGood, "small.yaml"));
  EXPECT_CODE(SelectWorkloads(&suite, "r*,zzz"), kInvalidArgument);
  EXPECT_MENTIONS(SelectWorkloads(&suite, "zzz"), "rmw, dedup");
  ASSERT_OK(SelectWorkloads(&suite, "r?w"));
  ASSERT_EQ(suite.workloads.size(), 1u);
  EXPECT_EQ(suite.workloads[0].name, "rmw");
}

TEST(SuiteTest, GlobsMatchWholeNames) {
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*c*", "abcbc"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_FALSE(GlobMatches("a", "ab"));
  EXPECT_FALSE(GlobMatches("*b", "abc"));
}

}  // namespace
}  // namespace kvstate::harness

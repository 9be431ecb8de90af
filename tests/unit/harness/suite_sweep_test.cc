#include "harness/run/suite_sweep.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

const std::string kSuite =
    "suite: small\n"
    "workloads:\n"
    "  - name: rmw\n"
    "    workload: value_rmw\n"
    "    source: {events: 10, keys: 4}\n"
    "    steady_state: {fill_events: 5}\n"
    "  - name: dedup\n"
    "    checkpoint: {interval: 500}\n";

Suite Small() { return *ParseSuite(kSuite, "small.yaml"); }

using Names = std::vector<std::string>;

TEST(SuiteSweepTest, AFilesEntryTakesAllCombinationsOfItsValues) {
  ASSERT_OK_AND_ASSIGN(const Suite suite,
                       ParseSuite("suite: s\nworkloads:\n  - name: w\n    workload: dedup\n    seed: 9\n"
                                  "    sweep: {source.keys: [10, 20], source.key_bytes: [8, 16]}\n  - name: dedup\n",
                                  "f.yaml"));
  EXPECT_EQ(EntryNames(suite), (Names{"w/keys=10/key_bytes=8", "w/keys=10/key_bytes=16", "w/keys=20/key_bytes=8",
                                      "w/keys=20/key_bytes=16", "dedup"}));
  EXPECT_EQ(suite.workloads[1].source, (workloads::Parameters{{"keys", "10"}, {"key_bytes", "16"}}));
  EXPECT_EQ(suite.workloads[1].seed, 9u);
  EXPECT_EQ(suite.workloads[1].base, "w");
}

TEST(SuiteSweepTest, VariantsAreChosenTogetherOrOneByOne) {
  Suite suite = Small();
  ASSERT_OK(SweepParameters(&suite, "rmw.source.keys=4:8:16"));
  Suite all = suite;
  ASSERT_OK(SelectWorkloads(&all, "rmw"));
  EXPECT_EQ(all.workloads.size(), 3u);
  ASSERT_OK(SelectWorkloads(&suite, "*keys=8"));
  EXPECT_EQ(EntryNames(suite), Names{"rmw/keys=8"});
}

TEST(SuiteSweepTest, WhatASuiteSweepsIsNotSetBesides) {
  ASSERT_OK_AND_ASSIGN(Suite suite,
                       ParseSuite("suite: s\nworkloads:\n  - name: dedup\n    sweep: {source.keys: [10]}\n", "f.yaml"));
  EXPECT_MENTIONS(OverrideParameters(&suite, "dedup.source.keys=3"), "swept");
  ASSERT_OK(OverrideParameters(&suite, "dedup.source.key_bytes=9"));
  EXPECT_EQ(suite.workloads[0].source.at("key_bytes"), "9");
}

TEST(SuiteSweepTest, WhatASuiteSweepsIsNotSweptAgain) {
  ASSERT_OK_AND_ASSIGN(Suite suite,
                       ParseSuite("suite: s\nworkloads:\n  - name: dedup\n    sweep: {source.keys: [10]}\n", "f.yaml"));
  EXPECT_MENTIONS(SweepParameters(&suite, "dedup.source.keys=3:4"), "dedup/keys=10");
  ASSERT_OK(SweepParameters(&suite, "dedup.source.key_bytes=8:9"));
  EXPECT_EQ(EntryNames(suite), (Names{"dedup/keys=10/key_bytes=8", "dedup/keys=10/key_bytes=9"}));
}

TEST(SuiteSweepTest, NoTwoEntriesHaveOneName) {
  const std::string head = "suite: s\nworkloads:\n";
  const std::string plain = "  - name: d/keys=1\n    workload: dedup\n";
  const std::string swept = "  - name: d\n    workload: dedup\n    sweep: {source.keys: [1]}\n";
  EXPECT_MENTIONS(ParseSuite(head + plain + swept, "f.yaml"), "f.yaml:7: the name 'd/keys=1'");
  EXPECT_MENTIONS(ParseSuite(head + swept + plain, "f.yaml"), "f.yaml:6: the name 'd/keys=1'");
  ASSERT_OK_AND_ASSIGN(Suite suite, ParseSuite(head + plain + "  - name: d\n    workload: dedup\n", "f.yaml"));
  EXPECT_MENTIONS(SweepParameters(&suite, "d.source.keys=1"), "'d/keys=1' stands twice");
}

TEST(SuiteSweepTest, FlagsSweepEntriesByNameAndByGlob) {
  Suite suite = Small();
  ASSERT_OK(SweepParameters(&suite, "*.source.keys=4:8,dedup.source.key_bytes=8:9"));
  EXPECT_EQ(EntryNames(suite),
            (Names{"rmw/keys=4", "rmw/keys=8", "dedup/keys=4/key_bytes=8", "dedup/keys=4/key_bytes=9",
                   "dedup/keys=8/key_bytes=8", "dedup/keys=8/key_bytes=9"}));
}

TEST(SuiteSweepTest, MistakesInFlagsSayWhatIsAllowed) {
  struct {
    const char* sweep;
    const char* says;
  } const mistakes[] = {
      {"rmw.source.keys", "is not <workload>"},
      {"rmw=3", "is not <workload>"},
      {"rmw.keys=3", "is not source.<parameter>"},
      {"rmw.sauce.keys=3", "is not source.<parameter>"},
      {"rmw.source.keys=", "has no values"},
      {"rmw.source.keys=4:4", "twice"},
      {"none.source.keys=4", "there are rmw, dedup"},
      {"rmw.source.none=4", "none"},
      {"rmw.source.keys=4:lots", "keys"},
      {"rmw.source.keys=4,rmw.source.keys=5", "swept twice"},
  };
  for (const auto& mistake : mistakes) {
    Suite suite = Small();
    const Status swept = SweepParameters(&suite, mistake.sweep);
    EXPECT_EQ(swept.code(), StatusCode::kInvalidArgument) << mistake.sweep;
    EXPECT_MENTIONS(swept, "--sweep") << mistake.sweep;
    EXPECT_MENTIONS(swept, mistake.says) << mistake.sweep;
  }
}

TEST(SuiteSweepTest, MistakesInAFileSayTheLine) {
  const std::string head = "suite: s\nworkloads:\n  - name: dedup\n    sweep: ";
  for (const char* wrong : {"[1]", "{source.keys: 3}", "{source.keys: []}", "{keys: [3]}", "{source.none: [3]}",
                            "{source.keys: [[3]]}", "{source.keys: [3, lots]}", "{source.keys: [3, 3]}"}) {
    const auto parsed = ParseSuite(head + wrong + "\n", "f.yaml");
    EXPECT_CODE(parsed, kInvalidArgument) << wrong;
    EXPECT_MENTIONS(parsed, "f.yaml:4:") << wrong;
  }
  std::string many = "[1";
  for (int i = 2; i <= 40; ++i) many += ", " + std::to_string(i);
  many += "]";
  const auto parsed = ParseSuite(head + "{source.keys: " + many + ", source.events: " + many + "}\n", "f.yaml");
  EXPECT_MENTIONS(parsed, "f.yaml:4:");
  EXPECT_MENTIONS(parsed, "more than 1000");
}

TEST(SuiteSweepTest, TheScaleFactorMultipliesWhatGrowsWithTheStream) {
  Suite suite = Small();
  ASSERT_OK(ScaleSuite(&suite, 2.5));
  EXPECT_EQ(suite.workloads[0].source.at("events"), "25");
  EXPECT_EQ(suite.workloads[0].source.at("keys"), "10");
  EXPECT_EQ(suite.workloads[0].steady_state.fill_events, 13u);
  // The default of dedup.
  EXPECT_EQ(suite.workloads[1].source.at("keys"), "25000000");
  EXPECT_EQ(suite.workloads[1].source.count("key_bytes"), 0u);
  EXPECT_EQ(suite.workloads[1].checkpoint->interval_operations, 1250u);
  ASSERT_OK(ScaleSuite(&suite, 0.001));
  EXPECT_EQ(suite.workloads[0].source.at("keys"), "1");
}

TEST(SuiteSweepTest, AScaleThatNothingCanHaveIsRefused) {
  Suite suite = Small();
  for (const double factor : {0.0, -1.0, 1e7, 1e-7}) {
    EXPECT_EQ(ScaleSuite(&suite, factor).code(), StatusCode::kInvalidArgument) << factor;
  }
  suite.workloads[0].source["keys"] = "1000000000000";
  EXPECT_MENTIONS(ScaleSuite(&suite, 1000), "keys");
}

}  // namespace
}  // namespace kvstate::harness

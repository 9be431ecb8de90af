#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

const std::filesystem::path kSuites = KVSTATE_SUITES_DIR;

Parameters ParametersOf(const YAML::Node& map) {
  Parameters parameters;
  for (const auto& entry : map) parameters[entry.first.as<std::string>()] = entry.second.as<std::string>();
  return parameters;
}

class SuiteTest : public ::testing::TestWithParam<std::string> {};

TEST_P(SuiteTest, NamesItselfAndSizesWorkloadsThatExist) {
  const YAML::Node suite = YAML::LoadFile((kSuites / (GetParam() + ".yaml")).string());
  EXPECT_EQ(suite["suite"].as<std::string>(), GetParam());
  EXPECT_FALSE(suite["description"].as<std::string>().empty());
  EXPECT_GE(suite["repetitions"].as<int>(), 1);
  std::set<std::string> names;
  std::set<std::string> workloads;
  for (const YAML::Node& entry : suite["workloads"]) {
    const auto name = entry["name"].as<std::string>();
    SCOPED_TRACE(name);
    EXPECT_TRUE(names.insert(name).second) << "a name stands twice";
    workloads.insert(entry["workload"].as<std::string>());
    const auto spec = FindWorkload(entry["workload"].as<std::string>());
    ASSERT_TRUE(spec.ok()) << spec.status().ToString();
    const auto source = (*spec)->make_source(ParametersOf(entry["source"]), entry["seed"].as<uint64_t>());
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    const auto made = (*spec)->make_operator(ParametersOf(entry["operator"]));
    EXPECT_TRUE(made.ok()) << made.status().ToString();
  }
  if (GetParam() == "checkpoint") {
    EXPECT_EQ(names.size(), 6u);  // Three rates of change in two distributions.
  } else if (GetParam() == "joins") {
    EXPECT_EQ(workloads.size(), 5u);  // Each join.
  } else if (GetParam() == "nexmark") {
    EXPECT_EQ(workloads.size(), 14u);
  } else if (GetParam() == "state-micro") {
    EXPECT_EQ(workloads.size(), 3u);  // Value, list and map, each of which sweeps over its accesses.
    EXPECT_EQ(names.size(), 3u);
  } else if (GetParam() == "ttl") {
    EXPECT_EQ(workloads.size(), 6u);
    EXPECT_EQ(names.size(), 9u);  // Timers with 1, 10 and 100 a key, and on the heap.
  } else if (GetParam() == "windows") {
    EXPECT_EQ(workloads.size(), 7u);  // Each window operator.
  } else if (GetParam() == "ycsb") {
    EXPECT_EQ(workloads.size(), 6u);  // A to F.
    EXPECT_EQ(names.size(), 7u);      // A with maps, too.
  } else {
    EXPECT_EQ(workloads.size(), 6u);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SuiteTest,
                         ::testing::Values("checkpoint", "quick", "standard", "full", "joins", "nexmark", "state-micro",
                                           "ttl", "windows", "ycsb"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(SuitesTest, EveryFileIsTested) {
  std::set<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(kSuites)) files.insert(file.path().filename());
  EXPECT_EQ(files,
            (std::set<std::string>{"checkpoint.yaml", "full.yaml", "joins.yaml", "nexmark.yaml", "quick.yaml",
                                   "standard.yaml", "state-micro.yaml", "ttl.yaml", "windows.yaml", "ycsb.yaml"}));
}

}  // namespace
}  // namespace kvstate::workloads

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

TEST(WorkloadRegistryTest, EveryWorkloadIsDescribedAndWorksWithItsDefaults) {
  std::string before;
  for (const WorkloadSpec& workload : Workloads()) {
    SCOPED_TRACE(workload.name);
    EXPECT_LT(before, workload.name) << "sorted by name";
    before = workload.name;
    EXPECT_FALSE(workload.description.empty());
    for (const auto* specs : {&workload.source_parameters, &workload.operator_parameters}) {
      std::set<std::string> names;
      for (const ParameterSpec& spec : *specs) {
        EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
        EXPECT_FALSE(spec.default_value.empty()) << spec.name;
        EXPECT_FALSE(spec.description.empty()) << spec.name;
      }
    }
    EXPECT_TRUE(workload.make_source({}, 1).ok()) << workload.make_source({}, 1).status().ToString();
    EXPECT_TRUE(workload.make_operator({}).ok()) << workload.make_operator({}).status().ToString();
    const Result<const WorkloadSpec*> found = FindWorkload(workload.name);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, &workload);
  }
}

TEST(WorkloadRegistryTest, AnUnknownParameterIsRefusedByEveryWorkload) {
  for (const WorkloadSpec& workload : Workloads()) {
    SCOPED_TRACE(workload.name);
    const Status of_source = workload.make_source({{"evnets", "5"}}, 1).status();
    EXPECT_EQ(of_source.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(of_source.message().find("there are events, "), std::string::npos) << of_source.message();
    EXPECT_NE(of_source.message().find("source of workload " + workload.name), std::string::npos);
    const Status of_operator = workload.make_operator({{"evnets", "5"}}).status();
    EXPECT_EQ(of_operator.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(of_operator.message().find("operator of workload " + workload.name), std::string::npos);
  }
}

TEST(WorkloadRegistryTest, RefusesAThetaWithoutAZipfian) {
  const auto workload = FindWorkload("value_rmw");
  ASSERT_TRUE(workload.ok());
  const Parameters parameters = {{"key_distribution", "uniform"}, {"zipf_theta", "0.5"}};
  EXPECT_EQ((*workload)->make_source(parameters, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE((*workload)->make_source({{"zipf_theta", "0.5"}}, 1).ok());
}

TEST(WorkloadRegistryTest, AnUnknownWorkloadListsThoseThereAre) {
  const auto found = FindWorkload("value_rwm");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), StatusCode::kInvalidArgument);
  for (const WorkloadSpec& workload : Workloads()) {
    EXPECT_NE(found.status().message().find(workload.name), std::string::npos) << workload.name;
  }
}

TEST(NamedReduceFunctionTest, SumsWrappingAndTakesTheLarger) {
  const auto sum = NamedReduceFunction("sum_int64");
  const auto max = NamedReduceFunction("max_int64");
  ASSERT_NE(sum, nullptr);
  ASSERT_NE(max, nullptr);
  EXPECT_TRUE(sum->ThreadSafe());
  EXPECT_TRUE(max->ThreadSafe());
  int64_t accumulator = INT64_MAX;
  const int64_t one = 1;
  sum->Reduce(&accumulator, &one);
  EXPECT_EQ(accumulator, INT64_MIN);
  max->Reduce(&accumulator, &one);
  EXPECT_EQ(accumulator, 1);
  EXPECT_EQ(NamedReduceFunction("sum"), nullptr);
}

TEST(NamedAggregateFunctionTest, TakesTheMeanOfWhatItMerged) {
  const auto mean = NamedAggregateFunction("mean_int64");
  ASSERT_NE(mean, nullptr);
  std::pair<int64_t, int64_t> some;
  std::pair<int64_t, int64_t> more;
  mean->CreateAccumulator(&some);
  mean->CreateAccumulator(&more);
  for (const int64_t input : {1, 2}) mean->Add(&some, &input);
  const int64_t input = 9;
  mean->Add(&more, &input);
  mean->Merge(&some, &more);
  double result = 0;
  mean->GetResult(&some, &result);
  EXPECT_EQ(result, 4.0);
  EXPECT_EQ(NamedAggregateFunction("sum_int64"), nullptr);
}

}  // namespace
}  // namespace kvstate::workloads

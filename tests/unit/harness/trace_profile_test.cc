#include "harness/profile/trace_profile.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/profile/profile_listing.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {
namespace {

class TraceProfileTest : public ::testing::Test {
 protected:
  TraceProfileTest() {
    states_.push_back({SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("value")});
    states_.push_back({SerializerFor<VoidNamespace>(), ListStateDescriptor<int64_t>("list")});
  }
  TraceOperation Access(Operation operation, uint32_t state, ByteView key, int64_t time_ms = 0) {
    TraceOperation access{.operation = operation, .state = state, .sets_key = true, .time_ms = time_ms};
    access.key = key;
    return access;
  }

  std::vector<TraceState> states_;
};

TEST_F(TraceProfileTest, CountsOperationsByStateAndKeysByAccess) {
  TraceProfile profile(40, 100);
  for (int i = 0; i < 30; ++i) profile.Add(Access(Operation::kGet, 0, "hot"), states_);
  for (int i = 0; i < 10; ++i) profile.Add(Access(Operation::kAdd, 1, "cold" + std::to_string(i)), states_);
  profile.Finish();
  EXPECT_EQ(profile.operations(), 40u);
  ASSERT_EQ(profile.states().size(), 2u);
  EXPECT_EQ(profile.states()[0].operations[static_cast<size_t>(Operation::kGet)], 30u);
  EXPECT_EQ(profile.states()[1].operations[static_cast<size_t>(Operation::kAdd)], 10u);
  EXPECT_EQ(profile.states()[1].kind, "list");
  EXPECT_EQ(profile.keys(), 11u);
  EXPECT_EQ(profile.addresses(), 11u);
  EXPECT_EQ(profile.first_accesses(), 11u);
  EXPECT_EQ(profile.stack_distances().count(), 29u);
  EXPECT_EQ(profile.stack_distances().Quantile(1), 0);
  // One of eleven keys, at least, is the most popular tenth of a percent of them.
  EXPECT_NEAR(profile.KeyPopularity().front().percent_of_accesses, 75, 0.01);
  EXPECT_NEAR(profile.KeyPopularity().back().percent_of_accesses, 87.5, 0.01);
  // Two operations a slice.
  ASSERT_EQ(profile.slices().size(), 20u);
  EXPECT_EQ(profile.slices()[14].keys_in_all, 1u);
  EXPECT_EQ(profile.slices()[14].keys, 1u);
  EXPECT_EQ(profile.slices()[15].keys, 2u);
  EXPECT_EQ(profile.slices()[19].keys_in_all, 11u);
  EXPECT_EQ(profile.slices()[19].live, 10u);
}

TEST_F(TraceProfileTest, ALifeGoesFromTheFirstWriteToTheClearing) {
  TraceProfile profile(9, 100);
  profile.Add(Access(Operation::kGet, 0, "a", 50), states_);
  profile.Add(Access(Operation::kUpdate, 0, "a", 100), states_);
  profile.Add(Access(Operation::kUpdate, 0, "a", 150), states_);
  profile.Add(Access(Operation::kUpdate, 0, "b", 160), states_);
  profile.Add(Access(Operation::kClear, 0, "a", 300), states_);
  profile.Add(Access(Operation::kClear, 0, "a", 900), states_);
  TraceOperation null_update = Access(Operation::kUpdate, 0, "b", 220);
  null_update.null_value = true;
  profile.Add(null_update, states_);
  profile.Add(Access(Operation::kAdd, 1, "a", 230), states_);
  profile.Finish();
  EXPECT_EQ(profile.lifetimes_ms().count(), 2u);
  EXPECT_NEAR(profile.lifetimes_ms().Quantile(0), 60, 0.5);
  EXPECT_NEAR(profile.lifetimes_ms().Quantile(1), 200, 0.5);
  EXPECT_EQ(profile.live_at_end(), 1u);
}

TEST_F(TraceProfileTest, AMergeMovesWhatItsSourcesHold) {
  TraceProfile profile(3, 100);
  for (const char* name : {"one", "two"}) {
    TraceOperation add = Access(Operation::kAdd, 1, "k", 10);
    add.sets_namespace = true;
    add.state_namespace = name;
    profile.Add(add, states_);
  }
  ByteWriter sources;
  sources.PutLengthPrefixed("one");
  sources.PutLengthPrefixed("two");
  TraceOperation merge = Access(Operation::kMerge, 1, "k", 25);
  merge.user_key = "target";
  merge.value = sources.view();
  profile.Add(merge, states_);
  profile.Finish();
  EXPECT_EQ(profile.live_at_end(), 1u);
  EXPECT_EQ(profile.lifetimes_ms().count(), 2u);
  EXPECT_NEAR(profile.lifetimes_ms().Quantile(1), 15, 0.5);
}

TEST_F(TraceProfileTest, ASampleOfTheKeysGivesAboutTheSame) {
  TraceProfile profile(60000, 10);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20000; ++i) profile.Add(Access(Operation::kUpdate, 0, "key" + std::to_string(i)), states_);
  }
  profile.Finish();
  EXPECT_NEAR(static_cast<double>(profile.keys()), 20000, 2000);
  EXPECT_NEAR(static_cast<double>(profile.live_at_end()), 20000, 2000);
  EXPECT_NEAR(profile.stack_distances().Quantile(0.5), 20000, 2000);
  // What needs no key is counted whole.
  EXPECT_EQ(profile.operations(), 60000u);
  EXPECT_EQ(profile.key_bytes().count(), 60000u);
}

TEST_F(TraceProfileTest, TimersAreNoAccessToAKeysState) {
  states_.push_back({SerializerFor<VoidNamespace>(), {}, TimerStorage::kHeap});
  TraceProfile profile(2, 100);
  profile.Add(Access(Operation::kTimerAdd, 2, "k"), states_);
  profile.Add(Access(Operation::kTimerPoll, 2, "k"), states_);
  profile.Finish();
  EXPECT_EQ(profile.states()[2].kind, "timers");
  EXPECT_EQ(profile.keys(), 0u);
  EXPECT_TRUE(profile.KeyPopularity().empty());
}

TEST_F(TraceProfileTest, JsonLeavesOutWhatDoesNotOccurAndTakesAnyName) {
  states_[0].descriptor.name = "\xff\"name";
  TraceProfile profile(1, 100);
  profile.Add(Access(Operation::kGet, 0, "k", 7), states_);
  profile.Finish();
  const auto json = nlohmann::json::parse(ProfileJson({"x.trace", 10, 7, 7, {}, 0}, profile));
  EXPECT_EQ(json["operations"], 1);
  EXPECT_EQ(json["states"][0]["operations"]["get"], 1);
  EXPECT_EQ(json["key_bytes"]["max"], 1);
  EXPECT_FALSE(json.contains("lifetime_ms"));
  EXPECT_FALSE(json.contains("value_bytes"));
  EXPECT_NE(ProfileText({"x.trace", 10, 7, 7, {}, 0}, profile, {}).find("100%"), std::string::npos);
}

TEST_F(TraceProfileTest, OfNoOperationsThereIsNothingToSay) {
  TraceProfile profile(0, 100);
  profile.Finish();
  EXPECT_TRUE(profile.slices().empty());
  EXPECT_EQ(nlohmann::json::parse(ProfileJson({"x", 0, 0, 0}, profile))["file_bytes_per_operation"], 0);
}

}  // namespace
}  // namespace kvstate::harness

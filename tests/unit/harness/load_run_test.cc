#include "harness/load/load_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/replay/digest.h"
#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/mixed_trace.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

/// A backend over the key groups of one subtask, with a clock of its own.
struct Instance {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::unique_ptr<KeyedStateBackend> backend;
};

class LoadRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    ASSERT_OK_AND_ASSIGN(timers_,
                         MakeBackend(registry_, {"hashmap", {}}, SerializerFor<int64_t>(), 128, directory_.work()));
  }

  void Make(const std::string& name, uint32_t parallelism) {
    options_ = {};
    instances_.clear();
    for (uint32_t i = 0; i < parallelism; ++i) {
      Instance& made = instances_.emplace_back();
      ASSERT_OK_AND_ASSIGN(
          made.backend, MakeBackend(registry_, {name, {}}, SerializerFor<int64_t>(), 128, directory_.work(), made.clock,
                                    KeyGroupRangeOf(128, parallelism, i)));
      options_.targets.push_back({made.backend.get(), made.clock.get()});
    }
    // Timers that an earlier run left would be taken for the trace's.
    ASSERT_OK_AND_ASSIGN(timers_,
                         MakeBackend(registry_, {"hashmap", {}}, SerializerFor<int64_t>(), 128, directory_.work()));
    options_.timers = timers_.get();
    options_.clock = &clock_;
  }

  StateDigest DigestOfAll() {
    StateDigest sum;
    for (const Instance& instance : instances_) {
      const auto part = DigestOfState(*instance.backend, trace_.states(), [] { return false; });
      EXPECT_OK(part);
      if (part.ok()) sum += *part;
    }
    return sum;
  }

  /// Of one backend with the whole trace.
  void ReplayAlone() {
    Make("hashmap", 1);
    ASSERT_OK_AND_ASSIGN(alone_, Replay(trace_, *instances_[0].backend, {.clock = instances_[0].clock.get()}));
    expected_ = DigestOfAll();
  }

  const TickClock clock_ = TickClock::Calibrate();
  BackendRegistry registry_;
  TemporaryDirectory directory_;
  MemoryTrace trace_;
  std::unique_ptr<KeyedStateBackend> timers_;
  std::vector<Instance> instances_;
  LoadRunOptions options_;
  ReplayResult alone_;
  StateDigest expected_;
};

TEST_F(LoadRunTest, InstancesTogetherEndAsOneAloneDoesOnEveryBackendInEveryLoop) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 1500, &trace_));
  ReplayAlone();
  ASSERT_GT(expected_.entries, 300u);
  for (const std::string& name : registry_.Names()) {
    for (const uint32_t parallelism : {1u, 2u, 7u}) {
      for (const Pace pace : {Pace::kClosed, Pace::kRate}) {
        SCOPED_TRACE(name + ", parallelism " + std::to_string(parallelism));
        Make(name, parallelism);
        options_.pace = {.pace = pace, .rate = 1e9};
        ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
        EXPECT_EQ(DigestOfAll().digest.ToHex(), expected_.digest.ToHex());
        EXPECT_EQ(DigestOfAll().entries, expected_.entries);
        EXPECT_EQ(result.hits, alone_.hits);
        EXPECT_EQ(result.of_trace, alone_.operations);
        EXPECT_EQ(result.instances.size(), parallelism);
        uint64_t operations = 0;
        for (const InstanceResult& instance : result.instances) operations += instance.operations;
        EXPECT_EQ(operations, result.operations);
        // Beside the trace's own, the parts of the others in walks over keys and removals.
        EXPECT_EQ((result.operations - alone_.operations) % std::max(parallelism - 1, 1u), 0u);
        EXPECT_EQ(result.operations > alone_.operations, parallelism > 1);
      }
    }
  }
}

TEST_F(LoadRunTest, AsManyInstancesAsKeyGroups) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 600, &trace_));
  ReplayAlone();
  Make("hashmap", 128);
  ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
  EXPECT_EQ(DigestOfAll(), expected_);
  EXPECT_EQ(result.hits, alone_.hits);
}

TEST_F(LoadRunTest, ATraceLongerThanWhatIsKeptAheadIsRunInRounds) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 20'000, &trace_));
  ASSERT_GT(trace_.operations(), 2 * 65'536u);
  ReplayAlone();
  for (const Pace pace : {Pace::kClosed, Pace::kRate}) {
    Make("hashmap", 3);
    options_.pace = {.pace = pace, .rate = 1e9};
    ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
    EXPECT_EQ(DigestOfAll(), expected_);
    uint64_t latencies = 0;
    for (const Histogram& of_operation : result.latencies) latencies += of_operation.count();
    EXPECT_EQ(latencies, result.operations);
    EXPECT_EQ(result.responses.count(), pace == Pace::kClosed ? 0 : result.operations);
  }
}

TEST_F(LoadRunTest, FarAboveWhatItCanDoABackendIsBehindAndSaysSo) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 3000, &trace_));
  Make("hashmap", 1);
  options_.pace = {.pace = Pace::kRate, .rate = 1e9};
  ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
  EXPECT_GT(result.achieved_ns, result.offered_ns * 2);
  EXPECT_GT(result.late, result.operations * 9 / 10);
  EXPECT_GT(result.backlog, result.operations / 2);
  // The last one waited for nearly all others.
  EXPECT_GT(clock_.ToNanoseconds(result.responses.Quantile(1.0)), result.busy_ns() / 2);
  EXPECT_FALSE(result.given_up);
}

TEST_F(LoadRunTest, ARunThatGoesOnBeginsAsFarBehindAsTheOneBeforeEnded) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 300, &trace_));
  Make("hashmap", 1);
  options_.pace = {.pace = Pace::kRate, .rate = 1e6};
  options_.behind_ns = 1e9;
  ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
  EXPECT_EQ(result.late, result.operations);
  EXPECT_GT(clock_.ToNanoseconds(result.responses.Quantile(0)), 0.9e9);
  EXPECT_GT(result.behind_ns(1000), 0.9e9);
}

TEST(LoadResultTest, RunsThatGoOnFromOneAnotherAreAsOneLongRun) {
  LoadResult sum;
  LoadResult part;
  part.instances.resize(1);
  part.of_trace = 10;
  part.offered_ns = 900;
  part.achieved_ns = 1300;
  sum.Append(part, 100);
  EXPECT_EQ(sum.behind_ns(100), 300);
  part.achieved_ns = 1700;
  sum.Append(part, 100);
  EXPECT_EQ(sum.offered_ns, 1900);
  EXPECT_EQ(sum.achieved_ns, 2700);
  EXPECT_EQ(sum.behind_ns(100), 700);
  EXPECT_EQ(sum.of_trace, 20u);
}

TEST_F(LoadRunTest, IsGivenUpOnceMoreThanThatAreOverTheLimit) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 3000, &trace_));
  Make("hashmap", 2);
  options_.pace = {.pace = Pace::kRate, .rate = 1e9};
  options_.response_limit_ns = 1;
  options_.over_most = 10;
  ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
  EXPECT_TRUE(result.given_up);
  EXPECT_GT(result.over_limit, 10u);
  EXPECT_LT(result.operations, trace_.operations());
}

TEST_F(LoadRunTest, WhatFillsStateIsDoneFirstAndNotMeasured) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 2000, &trace_, 1500));
  ASSERT_GT(trace_.fill_operations(), trace_.operations() / 2);
  ReplayAlone();
  for (const PaceSettings& pace : {PaceSettings(), PaceSettings{.pace = Pace::kRate, .rate = 1e9},
                                   PaceSettings{.pace = Pace::kTrace, .speed = 1000}}) {
    Make("hashmap", 2);
    options_.pace = pace;
    int filled = 0;
    uint64_t entries_then = 0;
    options_.filled = [&]() -> Status {
      ++filled;
      entries_then = DigestOfAll().entries;
      return Status();
    };
    ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
    EXPECT_EQ(filled, 1);
    EXPECT_GT(entries_then, 100u);
    EXPECT_EQ(DigestOfAll(), expected_);
    EXPECT_EQ(result.of_trace, trace_.operations() - trace_.fill_operations());
    uint64_t latencies = 0;
    for (const Histogram& of_operation : result.latencies) latencies += of_operation.count();
    EXPECT_EQ(latencies, result.operations);
    EXPECT_LT(result.operations, trace_.operations() / 2);
    // 500 of 2,000 rounds, three a millisecond: its pace begins where filling has ended.
    if (pace.pace == Pace::kTrace) {
      EXPECT_NEAR(result.offered_ns, 166e3, 2e3);
    }
  }
}

TEST_F(LoadRunTest, TheTimeOfEachInstanceIsTheLatestOfTheWholeTrace) {
  const std::string first = Encode<int64_t>(0);
  const auto instance_of = [](const std::string& key) {
    return SubtaskOf(128, 2, KeyGroupOf(SerializerFor<int64_t>()->KeyHash(key), 128));
  };
  std::string second;
  for (int64_t i = 1; second.empty(); ++i) {
    if (instance_of(Encode(i)) != instance_of(first)) second = Encode(i);
  }
  ValueStateDescriptor<int64_t> expiring("expiring");
  expiring.ttl = TtlConfig{.ttl_millis = 40};
  ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
  ASSERT_OK(trace_.AddState({SerializerFor<VoidNamespace>(), expiring}));
  const std::string none = Encode(VoidNamespace{});
  const std::string value = Encode<int64_t>(5);
  // What the second key stores late is stored at 100, and lives at 120.
  using Access = std::pair<std::string, int64_t>;
  for (const auto& [key, time_ms] : {Access(first, 100), Access(second, 10), Access(first, 120)}) {
    TraceOperation operation{
        .operation = Operation::kUpdate, .sets_key = true, .sets_namespace = true, .time_ms = time_ms};
    operation.key = key;
    operation.state_namespace = none;
    operation.value = value;
    ASSERT_OK(trace_.Append(operation));
  }
  ASSERT_OK(trace_.Finish());
  Make("hashmap", 2);
  ASSERT_OK(RunLoad(trace_, options_));
  EXPECT_EQ(DigestOfAll().entries, 2u);
  for (const Instance& instance : instances_) EXPECT_EQ(instance.clock->NowMillis(), 120);
}

TEST_F(LoadRunTest, AnInterruptEndsIt) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 3000, &trace_));
  for (const PaceSettings& pace : {PaceSettings(), PaceSettings{.pace = Pace::kRate, .rate = 0.1}}) {
    for (const uint32_t parallelism : {1u, 3u}) {
      Make("hashmap", parallelism);
      options_.pace = pace;
      int asked = 0;
      options_.stopped = [&asked] { return ++asked > 3; };
      // At a tenth of an operation a second the trace would take days.
      if (pace.pace == Pace::kClosed) options_.stopped = [] { return true; };
      EXPECT_CODE(RunLoad(trace_, options_), kCancelled);
    }
  }
}

TEST_F(LoadRunTest, AFailureOfOneInstanceEndsItWithItsMessage) {
  ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
  ASSERT_OK(trace_.AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("value")}));
  const std::string none = Encode(VoidNamespace{});
  for (int64_t i = 0; i < 30'000; ++i) {
    const std::string key = Encode(i);
    TraceOperation operation{.operation = i == 15'000 ? Operation::kMapIsEmpty : Operation::kGet, .sets_key = true};
    operation.key = key;
    operation.sets_namespace = i == 0;
    operation.state_namespace = none;
    ASSERT_OK(trace_.Append(operation));
  }
  ASSERT_OK(trace_.Finish());
  for (const Pace pace : {Pace::kClosed, Pace::kRate}) {
    Make("hashmap", 2);
    options_.pace = {.pace = pace, .rate = 1e7};
    const auto result = RunLoad(trace_, options_);
    EXPECT_CODE(result, kDataLoss);
    EXPECT_MENTIONS(result, "map_is_empty");
  }
}

}  // namespace
}  // namespace kvstate::harness

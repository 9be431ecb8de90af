#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/load/load_run.h"
#include "harness/replay/digest.h"
#include "harness/replay/memory_trace.h"
#include "kvstate/backends.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

constexpr int64_t kOperations = 150'000;  // More than are kept ahead.
constexpr int64_t kKeys = 997;

/// A feeding thread and several instances at once: for ThreadSanitizer, which has nothing to say of the rest.
class LoadThreadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
    const std::string none = Encode(VoidNamespace{});
    for (int64_t i = 0; i < kOperations; ++i) {
      // The second state comes when the instances are at work.
      if (i == 0 || i == kOperations / 2) {
        ASSERT_OK(trace_.AddState(
            {SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>(i == 0 ? "first" : "second")}));
        for (uint32_t state = 0; state < trace_.states().size(); ++state) AppendUpdate(i, state, none, true);
        continue;
      }
      AppendUpdate(i, static_cast<uint32_t>(i) % static_cast<uint32_t>(trace_.states().size()), none, false);
      if (i == kOperations / 4) {
        ASSERT_OK(trace_.EndFill());
      }
    }
    ASSERT_OK(trace_.Finish());
  }

  void AppendUpdate(int64_t i, uint32_t state, const std::string& none, bool sets_namespace) {
    const std::string key = Encode(i * 7919 % kKeys);
    const std::string value = Encode(i);
    TraceOperation operation{.operation = Operation::kUpdate, .state = state, .sets_key = true, .time_ms = i / 1000};
    operation.sets_namespace = sets_namespace;
    operation.key = key;
    operation.state_namespace = none;
    operation.value = value;
    ASSERT_OK(trace_.Append(operation));
  }

  void Make(uint32_t parallelism) {
    backends_.clear();
    clocks_.clear();
    options_ = {};
    options_.clock = &clock_;
    for (uint32_t i = 0; i < parallelism; ++i) {
      BackendOptions options;
      options.key_serializer = SerializerFor<int64_t>();
      options.max_parallelism = 128;
      options.key_groups = KeyGroupRangeOf(128, parallelism, i);
      clocks_.push_back(std::make_shared<ManualClock>());
      options.clock = clocks_.back();
      ASSERT_OK_AND_ASSIGN(backends_.emplace_back(), registry_.Create("hashmap", options));
      options_.targets.push_back({backends_.back().get(), clocks_.back().get()});
    }
    BackendOptions all;
    all.key_serializer = SerializerFor<int64_t>();
    all.max_parallelism = 128;
    all.key_groups = {0, 127};
    ASSERT_OK_AND_ASSIGN(timers_, registry_.Create("hashmap", all));
    options_.timers = timers_.get();
  }

  const TickClock clock_ = TickClock::Calibrate();
  BackendRegistry registry_;
  MemoryTrace trace_;
  std::vector<std::shared_ptr<ManualClock>> clocks_;
  std::vector<std::unique_ptr<KeyedStateBackend>> backends_;
  std::unique_ptr<KeyedStateBackend> timers_;
  LoadRunOptions options_;
};

TEST_F(LoadThreadsTest, InstancesAreFedWhileTheyWork) {
  for (const PaceSettings& pace : {PaceSettings(), PaceSettings{.pace = Pace::kRate, .rate = 400e3, .poisson = true},
                                   PaceSettings{.pace = Pace::kRate, .rate = 1e9}}) {
    Make(4);
    options_.pace = pace;
    ASSERT_OK_AND_ASSIGN(const LoadResult result, RunLoad(trace_, options_));
    EXPECT_EQ(result.of_trace, trace_.operations() - trace_.fill_operations());
    EXPECT_EQ(result.operations, result.of_trace);
    uint64_t entries = 0;
    for (const auto& backend : backends_) {
      ASSERT_OK_AND_ASSIGN(const StateDigest part, DigestOfState(*backend, trace_.states(), [] { return false; }));
      entries += part.entries;
    }
    EXPECT_EQ(entries, 2u * kKeys);
  }
}

TEST_F(LoadThreadsTest, AnInterruptMeetsThemAnywhere) {
  for (int after = 1; after < 40; after += 3) {
    Make(3);
    options_.pace = {.pace = after % 2 == 0 ? Pace::kClosed : Pace::kRate, .rate = 200e3};
    int asked = 0;
    options_.stopped = [&asked, after] { return ++asked > after; };
    const auto result = RunLoad(trace_, options_);
    if (!result.ok()) {
      EXPECT_CODE(result, kCancelled);
    }
  }
}

}  // namespace
}  // namespace kvstate::harness

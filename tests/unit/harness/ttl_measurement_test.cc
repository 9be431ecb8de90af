#include "harness/run/ttl_measurement.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/run/run_suite.h"
#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

TEST(TtlStrategyTest, NamesAreReadAndWrongOnesAreToldWithWhatIsAllowed) {
  ASSERT_OK_AND_ASSIGN(const auto all, ParseTtlStrategies("all"));
  EXPECT_EQ(all.size(), 7u);
  for (const TtlStrategy strategy : all) {
    ASSERT_OK_AND_ASSIGN(const auto one, ParseTtlStrategies(TtlStrategyName(strategy)));
    EXPECT_EQ(one, std::vector<TtlStrategy>{strategy});
  }
  EXPECT_CODE(ParseTtlStrategies("default,often"), kInvalidArgument);
  EXPECT_MENTIONS(ParseTtlStrategies("default,often"), "'often'; there are no_ttl, no_cleanup");
  EXPECT_CODE(ParseTtlStrategies("sweep,sweep"), kInvalidArgument);
  EXPECT_CODE(ParseTtlStrategies(""), kInvalidArgument);
}

TEST(TtlStrategyTest, OnlyStatesThatExpireAreChanged) {
  StateDescriptor descriptor = ValueStateDescriptor<int64_t>("v");
  EXPECT_FALSE(WithStrategy(descriptor, TtlStrategy::kIncremental).ttl.has_value());
  descriptor.ttl.emplace().ttl_millis = 5;
  EXPECT_FALSE(WithStrategy(descriptor, TtlStrategy::kNoTtl).ttl.has_value());
  const StateDescriptor none = WithStrategy(descriptor, TtlStrategy::kNoCleanup);
  EXPECT_EQ(none.ttl->cleanup.incremental_entries, 0u);
  EXPECT_EQ(none.ttl->cleanup.compaction_filter, false);
  EXPECT_FALSE(none.ttl->cleanup.in_full_snapshots);
  EXPECT_TRUE(WithStrategy(descriptor, TtlStrategy::kFullSnapshot).ttl->cleanup.in_full_snapshots);
  EXPECT_EQ(WithStrategy(descriptor, TtlStrategy::kDefault).ttl->cleanup, TtlCleanup());
  EXPECT_EQ(WithStrategy(descriptor, TtlStrategy::kIncremental).ttl->ttl_millis, 5);
}

/// A trace in which each of 300 keys is written once a second, 50 of them until the end, the others in the first alone.
class TtlMeasurementTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(RegisterBuiltinBackends(registry_)); }

  void Record(const StateDescriptor& descriptor) {
    ASSERT_OK(trace_.Begin({RawBytesSerializer(), 128}));
    ASSERT_OK(trace_.AddState({SerializerFor<VoidNamespace>(), descriptor}));
    const std::string value = Encode(int64_t{5});
    for (int64_t second = 0; second < 10; ++second) {
      for (int64_t i = 0; i < (second == 0 ? 300 : 50); ++i) {
        const std::string key = std::to_string(i);
        ASSERT_OK(trace_.Append({.operation = Operation::kUpdate,
                                 .sets_key = true,
                                 .time_ms = second * 1000 + i,
                                 .key = key,
                                 .value = value}));
      }
    }
    ASSERT_OK(trace_.Finish());
  }

  Status Measure(const std::vector<TtlStrategy>& strategies) {
    std::vector<BackendChoice> backends;
    for (const std::string& name : registry_.Names()) backends.push_back({name, {}});
    const TickClock clock = TickClock::Calibrate();
    Progress progress(nullptr);
    const MeasurementContext context{.registry = registry_,
                                     .backends = backends,
                                     .directory = directory_.work(),
                                     .clock = clock,
                                     .progress = progress,
                                     .stopped = [] { return false; },
                                     .repetitions = 2};
    run_.name = "trace";
    TtlSettings settings;
    settings.strategies = strategies;
    settings.moments = 9;
    return MeasureTrace(context, {.ttl = settings}, std::nullopt, &trace_, &run_);
  }

  TemporaryDirectory directory_;
  BackendRegistry registry_;
  MemoryTrace trace_;
  WorkloadRun run_;
};

TEST_F(TtlMeasurementTest, EveryBackendRunsWithEachWayThatItHas) {
  StateDescriptor descriptor = ValueStateDescriptor<int64_t>("v");
  descriptor.ttl.emplace().ttl_millis = 2500;
  Record(descriptor);
  ASSERT_OK(Measure({TtlStrategy::kNoTtl, TtlStrategy::kNoCleanup, TtlStrategy::kCompactionFilter}));
  EXPECT_EQ(run_.ttl_request->values_expired, 250u);
  size_t with_filter = 0;
  for (const BackendRun& run : run_.ttl_runs) {
    SCOPED_TRACE(run.backend + " " + run.ttl_cleanup);
    EXPECT_EQ(run.repetitions.size(), 2u);
    ASSERT_EQ(run.ttl_moments.size(), 9u);
    EXPECT_EQ(run.probed.at("ttl_live_values_end"), 50);
    if (run.ttl_cleanup == "compaction_filter") {
      ++with_filter;
      continue;
    }
    EXPECT_EQ(run.probed.at("ttl_expired_values_end"), 250);
    EXPECT_EQ(run.probed.count("ttl_lag_ms_max"), run.ttl_cleanup == "no_ttl" ? 0u : 1u);
    EXPECT_EQ(run.medians.count("ttl_cleanup_time_ns"), run.ttl_cleanup == "no_ttl" ? 0u : 1u);
  }
  EXPECT_EQ(run_.ttl_runs.size(), 2 * registry_.Names().size() + with_filter);
  EXPECT_EQ(with_filter, 1u);
}

TEST_F(TtlMeasurementTest, ATraceWithoutATimeToLiveIsRefused) {
  Record(ValueStateDescriptor<int64_t>("v"));
  EXPECT_CODE(Measure({TtlStrategy::kDefault}), kInvalidArgument);
}

}  // namespace
}  // namespace kvstate::harness

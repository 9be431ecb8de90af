#include "harness/run/checkpoint_measurement.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/replay/null_backend.h"
#include "harness/run/run_suite.h"
#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

/// A backend without Snapshots.
class NullFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return "null"; }
  std::string_view description() const override { return "keeps nothing"; }
  bool needs_directory() const override { return false; }
  std::vector<EngineOption> options() const override { return {}; }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    return MakeNullBackend(options.key_serializer, options.max_parallelism);
  }
};

class CheckpointMeasurementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    ASSERT_OK(registry_.Register(std::make_unique<NullFactory>()));
    ASSERT_OK(trace_.Begin({RawBytesSerializer(), 128}));
    TraceState state;
    state.namespace_serializer = SerializerFor<VoidNamespace>();
    state.descriptor = ValueStateDescriptor<int64_t>("s");
    ASSERT_OK(trace_.AddState(state));
    const std::string void_namespace = Encode(VoidNamespace{});
    for (int64_t i = 0; i < 1000; ++i) {
      const std::string key = std::to_string(i % 300);
      const std::string value = Encode(i);
      ASSERT_OK(trace_.Append({.operation = Operation::kUpdate,
                               .sets_key = true,
                               .sets_namespace = i == 0,
                               .time_ms = i,
                               .key = key,
                               .state_namespace = i == 0 ? ByteView(void_namespace) : ByteView(),
                               .value = value}));
    }
    ASSERT_OK(trace_.Finish());
  }

  Status Measure(const std::vector<std::string>& names, const CheckpointSettings& settings) {
    std::vector<BackendChoice> backends;
    for (const std::string& name : names) backends.push_back({name, {}});
    const MeasurementContext context{.registry = registry_,
                                     .backends = backends,
                                     .directory = directory_.work(),
                                     .clock = clock_,
                                     .progress = progress_,
                                     .stopped = [] { return false; },
                                     .repetitions = 2,
                                     .checkpoint_directory = kept_};
    run_.name = "../a workload";
    return MeasureTrace(context, {.checkpoint = settings}, std::nullopt, &trace_, &run_);
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  MemoryTrace trace_;
  Progress progress_{nullptr};
  TickClock clock_ = TickClock::Calibrate();
  std::string kept_;
  WorkloadRun run_;
};

TEST_F(CheckpointMeasurementTest, ABackendWithoutSnapshotsHasNoFigures) {
  ASSERT_OK(Measure({"null"}, {.interval_operations = 400}));
  EXPECT_TRUE(run_.checkpoint_runs.empty());
  ASSERT_TRUE(run_.checkpoint_request.has_value());
  EXPECT_EQ(run_.checkpoint_request->planned, 3u);
}

}  // namespace
}  // namespace kvstate::harness

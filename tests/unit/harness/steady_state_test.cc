#include "harness/run/steady_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/replay/null_backend.h"
#include "harness/replay/replayer.h"
#include "harness/run/record_workload.h"
#include "harness/run/run_suite.h"
#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr uint64_t kNoMark = UINT64_MAX;

class SteadyStateTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(RegisterBuiltinBackends(registry_)); }

  /// Reads of keys that updates before them wrote: 9,000 operations of which the first `fill` fill.
  static std::unique_ptr<MemoryTrace> MakeTrace(uint64_t fill) {
    auto trace = std::make_unique<MemoryTrace>();
    EXPECT_OK(trace->Begin({RawBytesSerializer(), 128}));
    TraceState state;
    state.namespace_serializer = SerializerFor<VoidNamespace>();
    state.descriptor = ValueStateDescriptor<int64_t>("s");
    EXPECT_OK(trace->AddState(state));
    const std::string void_namespace = Encode(VoidNamespace{});
    for (uint64_t i = 0; i < 9000; ++i) {
      if (i == fill) {
        EXPECT_OK(trace->EndFill());
      }
      const std::string key = std::to_string(i / 2 % 300);
      const std::string value = Encode(static_cast<int64_t>(i));
      EXPECT_OK(trace->Append({.operation = i % 2 == 0 ? Operation::kUpdate : Operation::kGet,
                               .sets_key = true,
                               .sets_namespace = i == 0,
                               .time_ms = static_cast<int64_t>(i),
                               .key = key,
                               .state_namespace = i == 0 ? ByteView(void_namespace) : ByteView(),
                               .value = i % 2 == 0 ? ByteView(value) : ByteView()}));
    }
    if (fill == 9000) {
      EXPECT_OK(trace->EndFill());
    }
    EXPECT_OK(trace->Finish());
    return trace;
  }

  Result<std::unique_ptr<KeyedStateBackend>> Make(const std::string& name) {
    return MakeBackend(registry_, {name, {}}, RawBytesSerializer(), 128, directory_.work(), nullptr);
  }

  Status Measure(TraceSource& trace, const TraceExtras& extras) {
    const std::vector<BackendChoice> backends{{"hashmap", {}}, {"rocksdb", {}}, {"leveldb", {}}, {"lmdb", {}}};
    const MeasurementContext context{.registry = registry_,
                                     .backends = backends,
                                     .directory = directory_.work(),
                                     .clock = clock_,
                                     .progress = progress_,
                                     .stopped = [] { return false; },
                                     .repetitions = 1};
    run_ = {};
    run_.name = "trace";
    return MeasureTrace(context, extras, std::nullopt, &trace, &run_);
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  TickClock clock_ = TickClock::Calibrate();
  Progress progress_{nullptr};
  WorkloadRun run_;
};

TEST_F(SteadyStateTest, AReplayCountsWhatFollowsFillingAlone) {
  const auto whole = MakeTrace(kNoMark);
  ASSERT_OK_AND_ASSIGN(const auto expected_backend, Make("hashmap"));
  ASSERT_OK_AND_ASSIGN(const ReplayResult expected, Replay(*whole, *expected_backend, {.verify_reads = true}));
  EXPECT_EQ(expected.operations, 9000u);
  EXPECT_EQ(expected.hits, 4500u);
  EXPECT_EQ(expected.fill_operations, 0u);
  // Within a chunk, at its end, and after one operation.
  for (const uint64_t fill : {5000u, 4096u, 1u}) {
    SCOPED_TRACE(fill);
    const auto trace = MakeTrace(fill);
    EXPECT_EQ(trace->fill_operations(), fill);
    ASSERT_OK_AND_ASSIGN(const auto backend, Make("hashmap"));
    Latencies latencies;
    std::vector<uint64_t> filled_at;
    ReplayOptions options{.verify_reads = true, .latencies = &latencies};
    options.filled = [&](const ReplayMoment& moment) {
      filled_at.push_back(moment.operations);
      return Status();
    };
    ASSERT_OK_AND_ASSIGN(const ReplayResult replayed, Replay(*trace, *backend, options));
    EXPECT_EQ(filled_at, std::vector<uint64_t>{fill});
    EXPECT_EQ(replayed.fill_operations, fill);
    EXPECT_EQ(replayed.operations, 9000 - fill);
    EXPECT_EQ(replayed.hits, 4500 - fill / 2);
    uint64_t timed = 0;
    for (const Histogram& histogram : latencies) timed += histogram.count();
    EXPECT_EQ(timed, 9000 - fill);
    EXPECT_EQ(replayed.read_digest.ToHex(), expected.read_digest.ToHex());
  }
}

TEST_F(SteadyStateTest, WhatFailsAfterFillingEndsTheReplay) {
  const auto trace = MakeTrace(5000);
  ASSERT_OK_AND_ASSIGN(const auto backend, Make("hashmap"));
  ReplayOptions options;
  options.filled = [](const ReplayMoment&) { return UnavailableError("no room"); };
  const auto replayed = Replay(*trace, *backend, options);
  EXPECT_CODE(replayed, kUnavailable);
  EXPECT_MENTIONS(replayed, "after filling");
  EXPECT_MENTIONS(replayed, "no room");
}

TEST_F(SteadyStateTest, EachBackendIsMeasuredFromThereOnAndAgrees) {
  const auto trace = MakeTrace(5001);
  ASSERT_OK(Measure(*trace, {.checkpoint = CheckpointSettings{.interval_operations = 1000}}));
  EXPECT_EQ(run_.operations, 3999u);
  EXPECT_EQ(run_.fill_operations, 5001u);
  EXPECT_EQ(run_.fill_checkpoint, "incremental");
  EXPECT_TRUE(run_.fill_settled);
  EXPECT_EQ(run_.hits, 2000u);
  EXPECT_EQ(run_.entries, 300u);
  ASSERT_EQ(run_.backends.size(), 5u);
  for (const BackendRun& backend : run_.backends) {
    SCOPED_TRACE(backend.backend);
    EXPECT_EQ(backend.repetitions.at(0).operations, 3999u);
    if (backend.noise_twin) continue;
    EXPECT_GT(backend.probed.at("fill_time_ns"), 0);
    // Half of them are updates, each of one value of 8 bytes, on backends that serialize.
    if (backend.backend != "hashmap") {
      EXPECT_NEAR(backend.probed.at("serialize_calls_per_operation"), 0.5, 0.001);
    }
  }
  // Where filling ends, after each 1,000 operations from there, and at the end.
  ASSERT_TRUE(run_.checkpoint_request.has_value());
  EXPECT_EQ(run_.checkpoint_request->planned, 5u);
  ASSERT_EQ(run_.checkpoint_runs.size(), 4u);
  for (const BackendRun& backend : run_.checkpoint_runs) {
    SCOPED_TRACE(backend.backend);
    EXPECT_EQ(backend.repetitions.at(0).operations, 3999u);
    std::vector<double> taken;
    for (const Figures& checkpoint : backend.checkpoints) taken.push_back(checkpoint.at("operations"));
    EXPECT_EQ(taken, (std::vector<double>{5001, 6001, 7001, 8001, 9000}));
  }
}

TEST_F(SteadyStateTest, EnginesAreLeftUnsettledOnRequest) {
  const auto trace = MakeTrace(5000);
  ASSERT_OK(Measure(*trace, {}));
  const auto disk_bytes = [&] { return run_.backends.at(2).probed.at("fill_disk_bytes"); };
  ASSERT_EQ(run_.backends.at(2).backend, "leveldb");
  EXPECT_GT(disk_bytes(), 0);
  ASSERT_OK(Measure(*trace, {.steady_state = {.checkpoint = std::nullopt, .settle = false}}));
  EXPECT_EQ(run_.fill_checkpoint, "none");
  EXPECT_FALSE(run_.fill_settled);
  // All of it is in memory.
  EXPECT_EQ(disk_bytes(), 0);
}

TEST_F(SteadyStateTest, ATraceThatFillsAndNothingElseIsRefused) {
  const auto trace = MakeTrace(9000);
  const Status measured = Measure(*trace, {});
  EXPECT_EQ(measured.code(), StatusCode::kInvalidArgument);
  EXPECT_MENTIONS(measured, "after those that fill state");
}

TEST_F(SteadyStateTest, WaysOfCleanupAreNotComparedAfterFilling) {
  const auto trace = MakeTrace(5000);
  const Status measured = Measure(*trace, {.ttl = TtlSettings{.strategies = {TtlStrategy::kDefault}}});
  EXPECT_EQ(measured.code(), StatusCode::kInvalidArgument);
  EXPECT_MENTIONS(measured, "leave one of the two out");
}

TEST_F(SteadyStateTest, TheFirstEventsOfAWorkloadFill) {
  SuiteWorkload entry{.name = "value_rmw", .base = "value_rmw", .workload = "value_rmw", .source = {}, .operators = {}};
  entry.source = {{"events", "100"}, {"keys", "10"}};
  entry.steady_state.fill_events = 40;
  MemoryTrace trace;
  ASSERT_OK(RecordEntry(
      entry, registry_, directory_.work(), &trace, [] { return false; }, [](uint64_t, uint64_t) {}));
  // A get and an update an event.
  EXPECT_EQ(trace.operations(), 200u);
  EXPECT_EQ(trace.fill_operations(), 80u);
  entry.steady_state.fill_events = 100;
  MemoryTrace rest;
  const auto recorded = RecordEntry(
      entry, registry_, directory_.work(), &rest, [] { return false; }, [](uint64_t, uint64_t) {});
  EXPECT_CODE(recorded, kInvalidArgument);
  EXPECT_MENTIONS(recorded, "nothing is left to measure");
}

TEST(FillCheckpointTest, NamesAreThoseOfCheckpointsAndNone) {
  EXPECT_EQ(*ParseFillCheckpoint("none"), std::nullopt);
  EXPECT_EQ(*ParseFillCheckpoint("full"), SnapshotKind::kFullCheckpoint);
  EXPECT_CODE(ParseFillCheckpoint("some"), kInvalidArgument);
  EXPECT_MENTIONS(ParseFillCheckpoint("some"), "none");
  EXPECT_EQ(FillCheckpointName(std::nullopt), "none");
  EXPECT_EQ(FillCheckpointName(SnapshotKind::kSavepoint), "savepoint");
}

}  // namespace
}  // namespace kvstate::harness

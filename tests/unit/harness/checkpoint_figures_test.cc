#include "harness/run/checkpoint_figures.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/report/json_writer.h"
#include "harness/report/table.h"

namespace kvstate::harness {
namespace {

TakenCheckpoint Taken(uint64_t written, uint64_t reused, uint64_t synchronous_ns, uint64_t asynchronous_ns) {
  TakenCheckpoint taken;
  taken.operations = 7;
  taken.synchronous_time_ns = synchronous_ns;
  taken.outcome.asynchronous_time_ns = asynchronous_ns;
  taken.outcome.figures.bytes_written = written;
  taken.outcome.figures.bytes_reused = reused;
  taken.outcome.figures.files_new = 2;
  taken.outcome.figures.files_reused = reused == 0 ? 0 : 3;
  return taken;
}

TEST(CheckpointFiguresTest, OfOneCheckpoint) {
  TakenCheckpoint taken = Taken(100, 40, 5, 15);
  taken.delayed = true;
  Figures figures = CheckpointFigures(taken);
  EXPECT_EQ(figures["operations"], 7);
  EXPECT_EQ(figures["delayed"], 1);
  EXPECT_EQ(figures["bytes_written"], 100);
  EXPECT_EQ(figures["bytes_reused"], 40);
  EXPECT_EQ(figures["files_new"], 2);
  EXPECT_EQ(figures["files_reused"], 3);
  EXPECT_FALSE(figures.contains("entries_written"));
  EXPECT_FALSE(figures.contains("throughput_ratio"));
  taken.outcome.figures.entries_written = 9;
  taken.operations_per_second_during = 60;
  EXPECT_FALSE(CheckpointFigures(taken).contains("throughput_ratio"));
  taken.operations_per_second_before = 80;
  EXPECT_EQ(CheckpointFigures(taken)["throughput_ratio"], 0.75);
  EXPECT_EQ(CheckpointFigures(taken)["entries_written"], 9);
}

TEST(CheckpointFiguresTest, OfAnAwaitedOneAgainstTheLeastAndAgainstCopying) {
  Figures figures = AwaitedCheckpointFigures(Taken(100, 0, 5, 15), {{4, 80}, 10}, 10);
  EXPECT_EQ(figures["amplification_ratio"], 1.25);
  EXPECT_EQ(figures["copy_time_ratio"], 2);
  EXPECT_EQ(figures["entries"], 10);
  EXPECT_EQ(figures["entries_changed"], 4);
  // Where nothing changed there is no amplification.
  EXPECT_FALSE(AwaitedCheckpointFigures(Taken(100, 0, 5, 15), {}, 10).contains("amplification_ratio"));
}

TEST(CheckpointFiguresTest, SumsMediansAndAmplificationWithAndWithoutTheFirst) {
  const std::vector<Figures> checkpoints = {AwaitedCheckpointFigures(Taken(1000, 0, 1, 9), {{10, 800}, 10}, 10),
                                            AwaitedCheckpointFigures(Taken(60, 900, 1, 3), {{1, 40}, 10}, 4),
                                            AwaitedCheckpointFigures(Taken(140, 960, 1, 5), {{2, 60}, 10}, 2)};
  Figures figures;
  AddSizeFigures(checkpoints, &figures);
  EXPECT_EQ(figures["checkpoints_awaited"], 3);
  EXPECT_EQ(figures["checkpoint_bytes_written"], 1200);
  EXPECT_EQ(figures["checkpoint_bytes_written_p50"], 140);
  EXPECT_EQ(figures["checkpoint_bytes_reused"], 1860);
  EXPECT_EQ(figures["checkpoint_files_new"], 6);
  EXPECT_EQ(figures["checkpoint_files_reused"], 6);
  EXPECT_EQ(figures["checkpoint_bytes_changed"], 900);
  EXPECT_DOUBLE_EQ(figures["checkpoint_amplification_ratio"], 1200.0 / 900);
  EXPECT_EQ(figures["increment_amplification_ratio"], 2);
  EXPECT_EQ(figures["checkpoint_copy_time_ratio"], 20.0 / 16);
  EXPECT_FALSE(figures.contains("checkpoint_entries_written"));

  Figures of_one;
  AddSizeFigures({checkpoints.front()}, &of_one);
  EXPECT_FALSE(of_one.contains("increment_amplification_ratio"));
  Figures of_none;
  AddSizeFigures({}, &of_none);
  AddTimeFigures({}, &of_none);
  EXPECT_TRUE(of_none.empty());
}

TEST(CheckpointFiguresTest, QuantilesAreTimesThatWereTaken) {
  std::vector<Figures> checkpoints;
  for (uint64_t i = 1; i <= 200; ++i) checkpoints.push_back(CheckpointFigures(Taken(1, 0, i, 1000 * i)));
  Figures figures;
  AddTimeFigures(checkpoints, &figures);
  EXPECT_EQ(figures["checkpoint_synchronous_time_ns"], 20100);
  EXPECT_EQ(figures["checkpoint_synchronous_time_ns_p50"], 100);
  EXPECT_EQ(figures["checkpoint_synchronous_time_ns_p99"], 198);
  EXPECT_EQ(figures["checkpoint_asynchronous_time_ns_max"], 200'000);
  EXPECT_FALSE(figures.contains("checkpoint_throughput_ratio"));
}

TEST(CheckpointFiguresTest, OfARestoreWithoutAnythingToRead) {
  Figures figures;
  AddRestoreFigures({.bytes = 10, .time_ns = 30, .first_read_time_ns = {}, .state = {}}, 20, &figures);
  EXPECT_EQ(figures["restore_time_ns"], 30);
  EXPECT_EQ(figures["restore_copy_time_ratio"], 1.5);
  EXPECT_FALSE(figures.contains("first_read_time_ns"));
}

WorkloadRun RunOfTwoBackends() {
  WorkloadRun run;
  run.name = "rmw";
  run.state_digest = "0123456789abcdef0123456789abcdef";
  for (const char* name : {"with", "without"}) {
    BackendRun& backend = run.backends.emplace_back();
    backend.backend = name;
    backend.repetitions = {{1000, 2e6, 1e6, {{"operations_per_second", 5e5}}}};
    backend.operations_per_second = MedianWithInterval({5e5});
  }
  run.checkpoint_request = CheckpointRequest{"incremental", "operations", 500, 1, 2, 3000};
  BackendRun& backend = run.checkpoint_runs.emplace_back(run.backends.front());
  backend.with_checkpoints = true;
  backend.checkpoints = {CheckpointFigures(Taken(5120, 0, 5, 15))};
  backend.repetitions.front().checkpoints = backend.checkpoints;
  AddSizeFigures(backend.checkpoints, &backend.probed);
  return run;
}

TEST(CheckpointTableTest, ABackendWithoutSnapshotsHasDashes) {
  const std::string text = WorkloadTable(RunOfTwoBackends(), {});
  const size_t block = text.find("checkpoints, incremental, each 500 operations: 2, between which 2.93 KiB change");
  ASSERT_NE(block, std::string::npos) << text;
  EXPECT_NE(text.find("5.00 KiB", block), std::string::npos);
  const std::string last = text.substr(text.rfind("\nwithout"));
  EXPECT_NE(last.find("–"), std::string::npos);
  EXPECT_EQ(last.find_first_of("0123456789"), std::string::npos);
}

TEST(CheckpointTableTest, AnIntervalInTimeIsOfTheTrace) {
  WorkloadRun run = RunOfTwoBackends();
  run.checkpoint_request->interval_unit = "ms";
  run.checkpoint_request->interval = 60'000;
  EXPECT_NE(WorkloadTable(run, {}).find("each 60 s of the trace: 2,"), std::string::npos);
}

TEST(CheckpointTableTest, WithoutCheckpointsThereIsNoBlock) {
  WorkloadRun run = RunOfTwoBackends();
  run.checkpoint_request.reset();
  run.checkpoint_runs.clear();
  EXPECT_EQ(WorkloadTable(run, {}).find("checkpoints"), std::string::npos);
}

TEST(CheckpointTableTest, TimesAreShort) {
  EXPECT_EQ(ShortTime(999), "999 ns");
  EXPECT_EQ(ShortTime(12'345), "12.3 µs");
  EXPECT_EQ(ShortTime(1.5e6), "1.50 ms");
  EXPECT_EQ(ShortTime(999.9e6), "1.00 s");
  EXPECT_EQ(ShortTime(75e9), "75 s");
}

}  // namespace
}  // namespace kvstate::harness

#include "harness/run/ttl_figures.h"

#include <gtest/gtest.h>

#include <vector>

namespace kvstate::harness {
namespace {

StoredAtMoment Stored(uint64_t live_bytes, uint64_t expired_bytes, std::vector<uint64_t> expired_of_moment) {
  StoredAtMoment stored;
  stored.live_values = live_bytes / 10;
  stored.live_bytes = live_bytes;
  stored.expired_values = expired_bytes / 10;
  stored.expired_bytes = expired_bytes;
  stored.expired_of_moment = std::move(expired_of_moment);
  return stored;
}

std::vector<TtlMoment> Moments() {
  return {{10, 100, 10, 80, 0}, {20, 200, 10, 80, 4}, {30, 300, 10, 80, 4}, {40, 400, 10, 80, 2}};
}

TEST(TtlFiguresTest, ALagIsFromTheMomentOfExpiryToTheFirstWithoutTheValue) {
  // Of the four that expired by 200 one has gone by then, two at 300, one at 400. Of those of 300 two at 400; two stay.
  // Those of 400 have gone at once.
  const std::vector<StoredAtMoment> stored = {Stored(100, 0, {0}), Stored(100, 30, {0, 3}), Stored(100, 50, {0, 1, 4}),
                                              Stored(100, 20, {0, 0, 2, 0})};
  Figures figures;
  AddStoredFigures(Moments(), stored, &figures);
  // 0, 0, 0, then 100 four times (two of them the ones that stay, to the end), 200 once, and 100 twice.
  EXPECT_EQ(figures.at("ttl_lag_ms_p50"), 100);
  EXPECT_EQ(figures.at("ttl_lag_ms_p99"), 200);
  EXPECT_EQ(figures.at("ttl_lag_ms_max"), 200);
}

TEST(TtlFiguresTest, RatiosAreOfTheSecondHalf) {
  const std::vector<StoredAtMoment> stored = {Stored(100, 1000, {0}), Stored(100, 1000, {0, 0}),
                                              Stored(100, 50, {0, 0, 0}), Stored(300, 50, {0, 0, 0, 0})};
  Figures figures;
  AddStoredFigures(Moments(), stored, &figures);
  EXPECT_DOUBLE_EQ(figures.at("ttl_expired_bytes_ratio"), 0.25);
  EXPECT_DOUBLE_EQ(figures.at("ttl_expired_bytes_ratio_max"), 0.5);
  EXPECT_EQ(figures.at("ttl_expired_bytes_end"), 50);
  EXPECT_EQ(figures.at("ttl_live_values_end"), 30);
  // 600 bytes of 60 values are live, and would be 320 without times.
  EXPECT_DOUBLE_EQ(figures.at("ttl_time_bytes_per_value"), 280.0 / 60);
  EXPECT_DOUBLE_EQ(figures.at("ttl_time_bytes_ratio"), 280.0 / 320);
}

TEST(TtlFiguresTest, WhereNothingExpiresNothingIsLate) {
  StoredAtMoment stored = Stored(100, 900, {});
  stored.expired_of_moment.reset();
  Figures figures;
  AddStoredFigures(Moments(), {stored, stored, stored, stored}, &figures);
  EXPECT_EQ(figures.count("ttl_lag_ms_p50"), 0u);
  EXPECT_EQ(figures.count("ttl_time_bytes_per_value"), 0u);
  EXPECT_DOUBLE_EQ(figures.at("ttl_expired_bytes_ratio"), 9);
}

TEST(TtlFiguresTest, CleanupIsSummedAndWhatABackendLacksIsAbsent) {
  TtlFigures first;
  first.entries_removed = 3;
  first.cleanup_time_ns = 10;
  TtlFigures second = first;
  second.sweep_bytes_written = 7;
  Figures figures;
  AddCleanupFigures({first, second}, &figures);
  EXPECT_EQ(figures.at("ttl_entries_removed"), 6);
  EXPECT_EQ(figures.at("ttl_cleanup_time_ns"), 20);
  EXPECT_EQ(figures.at("ttl_sweep_bytes_written"), 7);
  EXPECT_EQ(figures.count("ttl_filter_entries_removed"), 0u);
}

BackendRun RunOf(const char* backend, const char* cleanup, std::vector<double> throughput) {
  BackendRun run;
  run.backend = backend;
  run.ttl_cleanup = cleanup;
  for (const double value : throughput) {
    Repetition& repetition = run.repetitions.emplace_back();
    repetition.figures["operations_per_second"] = value;
    repetition.cpu_ns = 1e9 / value;
  }
  return run;
}

TEST(TtlFiguresTest, ThroughputIsComparedWithinEachRound) {
  // The machine becomes slower from round to round; the ratio of each round does not.
  std::vector<BackendRun> runs = {RunOf("a", "no_ttl", {100, 50, 10}), RunOf("a", "default", {80, 40, 8}),
                                  RunOf("b", "default", {5, 5, 5})};
  AddTtlRatios(&runs);
  EXPECT_DOUBLE_EQ(runs[1].medians.at("operations_per_second_ratio_to_no_ttl"), 0.8);
  EXPECT_DOUBLE_EQ(runs[1].medians.at("cpu_time_ratio_to_no_ttl"), 1.25);
  EXPECT_EQ(runs[1].medians.count("operations_per_second_ratio_to_no_cleanup"), 0u);
  EXPECT_TRUE(runs[0].medians.empty());
  EXPECT_TRUE(runs[2].medians.empty());
}

}  // namespace
}  // namespace kvstate::harness

#include "backends/rocksdb/rocksdb_ttl_times.h"

#include <gtest/gtest.h>

#include <limits>

#include "backends/rocksdb/rocksdb_sweep_plan.h"
#include "tests/unit/rocksdb/ttl_store_testing.h"

namespace kvstate::backends::rocksdb {
namespace {

const TtlFilter kValues(StateKind::kValue, kVariableSize, 1);
const TtlFilter kLists(StateKind::kList, kVariableSize, 1);

double ShareBefore(const TtlTimes& times, int64_t time) {
  return static_cast<double>(times.ExpiredBytes(1, time)) / static_cast<double>(times.bytes);
}

TEST(TtlTimesTest, TellHowManyBytesAreOlderThanAnyTime) {
  for (const int count : {10, 1000, 300000}) {
    TtlTimesSampler sampler(kValues);
    // In the order of keys, which is none of time.
    for (int i = 0; i < count; ++i) {
      sampler.Add("key", TimedValue(static_cast<int64_t>(i) * 7919 % count, std::string(50, 'v')));
    }
    const TtlTimes times = sampler.Finish();
    EXPECT_EQ(times.bytes, static_cast<uint64_t>(count) * (3 + 8 + 50));
    EXPECT_LE(times.times.size(), 64u);
    for (const double share : {0.1, 0.5, 0.9}) {
      EXPECT_NEAR(ShareBefore(times, static_cast<int64_t>(share * count)), share, count == 10 ? 0.11 : 0.03) << count;
    }
    EXPECT_EQ(times.ExpiredBytes(1, -5), 0u);
    EXPECT_EQ(times.ExpiredBytes(1, count), times.bytes);
  }
}

TEST(TtlTimesTest, CountTombstonesAndForeignBytesAsNeverExpiring) {
  TtlTimesSampler sampler(kValues);
  for (int i = 0; i < 1000; ++i) {
    sampler.AddUndated(100);
    sampler.Add("k", TimedValue(0, std::string(91, 'v')));
  }
  EXPECT_NEAR(ShareBefore(sampler.Finish(), 10), 0.5, 0.01);
  TtlTimesSampler foreign(kValues);
  for (int i = 0; i < 1000; ++i) foreign.Add("k", "short");
  EXPECT_EQ(foreign.Finish().ExpiredBytes(1, 10), 0u);
}

TEST(TtlTimesTest, LookAtEachElementOfAList) {
  TtlTimesSampler sampler(kLists);
  std::string list;
  for (int i = 0; i < 100; ++i) list += TimedElement(i, "element");
  for (int i = 0; i < 100; ++i) sampler.Add("key", list);
  EXPECT_NEAR(ShareBefore(sampler.Finish(), 30), 0.3, 0.03);
  TtlTimesSampler one(kLists);
  one.Add("", list);
  EXPECT_NEAR(ShareBefore(one.Finish(), 30), 0.3, 0.05);
}

TEST(TtlTimesTest, AreReadAsTheyWereWritten) {
  TtlTimes times;
  times.bytes = 1000;
  times.dated_bytes = 900;
  times.smallest_sequence = 3;
  times.largest_sequence = 4;
  times.times = {std::numeric_limits<int64_t>::min(), -1, 0, 0, std::numeric_limits<int64_t>::max()};
  const std::string encoded = times.Encode();
  const auto decoded = TtlTimes::Decode(encoded);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->bytes, times.bytes);
  EXPECT_EQ(decoded->dated_bytes, times.dated_bytes);
  EXPECT_EQ(decoded->smallest_sequence, 3u);
  EXPECT_EQ(decoded->largest_sequence, 4u);
  EXPECT_EQ(decoded->times, times.times);
  for (size_t bytes = 0; bytes < encoded.size(); ++bytes) {
    EXPECT_FALSE(TtlTimes::Decode(encoded.substr(0, bytes)).has_value()) << bytes;
  }
  EXPECT_FALSE(TtlTimes::Decode(encoded + '\0').has_value());
  EXPECT_FALSE(TtlTimes::Decode(std::string(1000, '\xff')).has_value());
  // A step beyond the last number there is.
  times.times = {std::numeric_limits<int64_t>::max()};
  std::string beyond = times.Encode();
  beyond[6] = 2;
  EXPECT_FALSE(TtlTimes::Decode(beyond + '\1').has_value());
}

SweptFile FileOf(const std::string& name, int level, uint64_t bytes, uint64_t expired) {
  return {name, level, level, bytes, expired, false};
}

TEST(SweepPlanTest, TakesWhatHasMostExpiredUntilLittleIsLeft) {
  const SweepLimits limits = {.wanted_share = 0.1, .least_share = 0.05, .least_bytes = 10, .most_job_bytes = 1000};
  std::vector<SweptFile> files = {FileOf("a", 0, 100, 0), FileOf("b", 1, 100, 90), FileOf("c", 1, 100, 10),
                                  FileOf("d", 2, 100, 1)};
  const SweepPlan plan = PlanSweep(files, 0, 0, limits);
  ASSERT_EQ(plan.jobs.size(), 1u);
  EXPECT_EQ(plan.jobs[0].files, std::vector<std::string>{"b"});
  EXPECT_EQ(plan.jobs[0].output_level, 1);
  EXPECT_FALSE(plan.flush);
  // Little enough in all.
  files[1] = FileOf("b", 1, 100, 15);
  EXPECT_TRUE(PlanSweep(files, 0, 0, limits).jobs.empty());
  // The same, but memory's part makes it much.
  EXPECT_TRUE(PlanSweep(files, 100, 90, limits).flush);
  // Too few bytes to be worth anything.
  EXPECT_TRUE(PlanSweep({FileOf("a", 1, 9, 9)}, 0, 0, limits).jobs.empty());
  // Who is being compacted will be rid of it.
  files[1] = {"b", 1, 1, 100, 90, true};
  EXPECT_EQ(PlanSweep(files, 0, 0, limits).jobs.at(0).files, std::vector<std::string>{"c"});
}

TEST(SweepPlanTest, JoinsNeighboursOfALevelUpToABound) {
  const SweepLimits limits = {.wanted_share = 0, .least_share = 0.05, .least_bytes = 0, .most_job_bytes = 250};
  const std::vector<SweptFile> files = {FileOf("a", 0, 100, 90), FileOf("b", 0, 100, 90), FileOf("c", 1, 100, 90),
                                        FileOf("d", 1, 100, 90), FileOf("e", 1, 100, 90), FileOf("f", 1, 100, 0),
                                        FileOf("g", 1, 100, 90), FileOf("h", 2, 100, 90)};
  std::vector<std::vector<std::string>> jobs;
  for (const SweepPlan::Job& job : PlanSweep(files, 0, 0, limits).jobs) jobs.push_back(job.files);
  EXPECT_EQ(jobs, (std::vector<std::vector<std::string>>{{"a"}, {"b"}, {"c", "d"}, {"e"}, {"g"}, {"h"}}));
}

}  // namespace
}  // namespace kvstate::backends::rocksdb

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "harness/report/atomic_file.h"
#include "harness/report/json_writer.h"
#include "harness/report/progress.h"
#include "harness/report/table.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

WorkloadRun SomeRun() {
  WorkloadRun run;
  run.name = "rmw";
  run.operations = 1000;
  run.state_digest = "0123456789abcdef0123456789abcdef";
  BackendRun& backend = run.backends.emplace_back();
  backend.backend = "hashmap";
  backend.repetitions = {{1000, 2e6, 1e6, {{"operations_per_second", 5e5}}},
                         {1000, 1e6, 1e6, {{"operations_per_second", 1e6}}},
                         {1000, 4e6, 1e6, {{"operations_per_second", 2.5e5}}}};
  backend.operations_per_second = MedianWithInterval({5e5, 1e6, 2.5e5});
  backend.medians = {{"operations_per_second", 5e5}, {"latency_ns_p50", 1999}};
  return run;
}

TEST(TableTest, ColumnsAreAligned) {
  Table table({"name", "a", "long"});
  table.AddRow({"x", "–", "1"});
  table.AddRow({"longer", "22", "3"});
  EXPECT_EQ(table.ToText(0, false),
            "name     a  long\n"
            "x        –     1\n"
            "longer  22     3\n");
}

TEST(TableTest, WhatDoesNotFitGoesBelow) {
  Table table({"name", "aaaa", "bbbb", "cccc"});
  table.AddRow({"x", "1", "2", "3"});
  EXPECT_EQ(table.ToText(17, false),
            "name  aaaa  bbbb\n"
            "x        1     2\n"
            "name  cccc\n"
            "x        3\n");
  EXPECT_EQ(table.ToText(1, false).find("aaaa  bbbb"), std::string::npos);
}

TEST(TableTest, NumbersAreShortAndKeepTheirSize) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(7), "7");
  EXPECT_EQ(ShortNumber(999), "999");
  EXPECT_EQ(ShortNumber(1000), "1.00 k");
  EXPECT_EQ(ShortNumber(99949), "99.9 k");
  EXPECT_EQ(ShortNumber(999999), "1.00 M");
  EXPECT_EQ(ShortBytes(1536), "1.50 KiB");
  EXPECT_EQ(ShortBytes(1048575), "1.00 MiB");
}

TEST(TableTest, AnAbsentFigureIsADashAndNever0) {
  const std::string text = WorkloadTable(SomeRun(), {});
  EXPECT_NE(text.find("–"), std::string::npos);
  EXPECT_NE(text.find("500 k"), std::string::npos);
  EXPECT_NE(text.find("2.00 k"), std::string::npos);
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_NE(WorkloadTable(SomeRun(), {.width = 40, .colour = true}).find('\033'), std::string::npos);
}

TEST(JsonWriterTest, HasARowForEachRepetitionAndOneOfMedians) {
  RunResults results;
  results.workloads.push_back(SomeRun());
  const auto json = nlohmann::json::parse(ResultsAsJson(results));
  ASSERT_EQ(json["benchmarks"].size(), 4u);
  const auto& row = json["benchmarks"][0];
  EXPECT_EQ(row["name"], "rmw/hashmap");
  EXPECT_EQ(row["run_type"], "iteration");
  EXPECT_EQ(row["repetition_index"], 0);
  EXPECT_EQ(row["iterations"], 1000);
  EXPECT_EQ(row["real_time"], 2000.0);
  EXPECT_EQ(row["time_unit"], "ns");
  const auto& median = json["benchmarks"][3];
  EXPECT_EQ(median["name"], "rmw/hashmap_median");
  EXPECT_EQ(median["run_name"], "rmw/hashmap");
  EXPECT_EQ(median["aggregate_name"], "median");
  EXPECT_EQ(median["real_time"], 2000.0);
  EXPECT_EQ(median["latency_ns_p50"], 1999);
  EXPECT_FALSE(median.contains("disk_bytes"));
}

TEST(AtomicFileTest, IsThereWholeOrNotAtAll) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("results", "old");
  {
    ASSERT_OK_AND_ASSIGN(const auto file, AtomicFile::Create(path));
    ASSERT_OK(file->Write(std::string(1 << 20, 'n')));
  }
  EXPECT_EQ(TemporaryDirectory::Read(path), "old");
  EXPECT_EQ(directory.Files(), 1u);
  ASSERT_OK_AND_ASSIGN(const auto file, AtomicFile::Create(path));
  ASSERT_OK(file->Write("new"));
  ASSERT_OK(file->Commit());
  EXPECT_EQ(TemporaryDirectory::Read(path), "new");
  EXPECT_EQ(directory.Files(), 1u);
}

TEST(AtomicFileTest, APathThatCannotBeWrittenIsKnownAtOnce) {
  const TemporaryDirectory directory;
  EXPECT_CODE(AtomicFile::Create(directory.path()), kInvalidArgument);
  const std::string pipe = directory.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_MENTIONS(AtomicFile::Create(pipe), "pipe: it is not a regular file");
  EXPECT_CODE(AtomicFile::Create(directory.File("none/file")), kNotFound);
  EXPECT_CODE(AtomicFile::Create(directory.Write("plain", "") + "/file"), kInvalidArgument);
}

TEST(ProgressTest, SaysWhatIsDoneAndIsTakenAway) {
  std::ostringstream out;
  {
    Progress progress(&out);
    progress.SetSteps(4);
    progress.BeginStep("first");
    progress.BeginStep("second");
  }
  EXPECT_NE(out.str().find("[1/4] first"), std::string::npos);
  EXPECT_NE(out.str().find("[2/4] second, about 0:00 left"), std::string::npos);
  EXPECT_TRUE(out.str().ends_with("\r\033[K"));
}

}  // namespace
}  // namespace kvstate::harness

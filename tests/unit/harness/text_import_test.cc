#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/replay/trace_file.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/imported_trace.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

using Texts = std::vector<std::string>;
using LeftOut = std::map<std::string, uint64_t>;

class TextImportTest : public ::testing::Test {
 protected:
  AccessImportOptions Options(const std::string& format, const std::string& text) {
    return {.path = directory_.Write("in.txt", text), .format = format};
  }
  /// What is wrong with each second line, after a good first one, and how it is counted on request.
  void ExpectBad(const std::string& format, const std::string& good,
                 const std::vector<std::pair<std::string, std::string>>& bad) {
    for (const auto& [line, says] : bad) {
      AccessImportOptions options = Options(format, good + "\n" + line + "\n" + good + "\n");
      const auto strict = ImportToTexts(options);
      EXPECT_CODE(strict, kDataLoss) << line;
      EXPECT_MENTIONS(strict, "in.txt:2: ");
      EXPECT_MENTIONS(strict, says);
      options.skip_bad_rows = true;
      ASSERT_OK_AND_ASSIGN(const ImportedTrace lenient, ImportToTexts(options));
      EXPECT_EQ(lenient.report.bad_rows, 1u) << line;
      EXPECT_EQ(lenient.operations.size(), 2u) << line;
      EXPECT_NE(lenient.report.first_bad_row.find("in.txt:2: "), std::string::npos);
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(TextImportTest, GadgetsAccessesAreThoseOfAValue) {
  AccessImportOptions options = Options("gadget",
                                        "1 get 17 000 gadget gadgetFile\n"
                                        "2 put 17 000 gadget gadgetFile\n\n"
                                        "2 put 18  gadget gadgetFile\r\n"
                                        "3 delete 17 000 gadget gadgetFile\n"
                                        "4 get 18");
  options.time_unit = TimeUnit::kSeconds;
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported, ImportToTexts(options));
  EXPECT_EQ(imported.operations, (Texts{"gadget value get 17", "gadget value update 17 = 000",
                                        "gadget value update 18 = ", "gadget value clear 17", "gadget value get 18"}));
  EXPECT_EQ(imported.times_ms, (std::vector<int64_t>{1000, 2000, 2000, 3000, 4000}));
}

TEST_F(TextImportTest, GadgetsMergesMakeItAList) {
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported,
                       ImportToTexts(Options("gadget", "1 get 9 0 g g\n1 merge 9 00 g g\n2 delete 9 0 g g\n")));
  EXPECT_EQ(imported.operations, (Texts{"gadget list get 9", "gadget list add 9 = 00", "gadget list clear 9"}));
}

TEST_F(TextImportTest, GadgetsSeeksAreScansOfMapsOrLeftOut) {
  const std::string text =
      "1 put abx 0 g g\n2 seek abx 0 g g\n2 next abx 0 g g\n2 next abx 0 g g\n3 put aby 1 g g\n4 next abx 0 g g\n"
      "5 scan abq 0 g g\n";
  AccessImportOptions options = Options("gadget", text);
  options.key_prefix_bytes = 2;
  ASSERT_OK_AND_ASSIGN(const ImportedTrace maps, ImportToTexts(options));
  EXPECT_EQ(maps.operations, (Texts{"gadget map map_put ab x = 0", "gadget map map_scan ab 3",
                                    "gadget map map_put ab y = 1", "gadget map map_scan ab 1"}));
  EXPECT_EQ(maps.times_ms, (std::vector<int64_t>{1, 2, 3, 5}));
  EXPECT_EQ(maps.report.left_out, (LeftOut{{"steps of iterators whose seek is not there or has no scan", 1}}));
  options.key_prefix_bytes = 0;
  ASSERT_OK_AND_ASSIGN(const ImportedTrace values, ImportToTexts(options));
  EXPECT_EQ(values.operations, (Texts{"gadget value update abx = 0", "gadget value update aby = 1"}));
  EXPECT_EQ(values.report.left_out, (LeftOut{{"steps of iterators whose seek is not there or has no scan", 3},
                                             {"seeks in value states, which have no scans", 2}}));
}

TEST_F(TextImportTest, ABadLineOfGadgetIsToldWithWhatIsWrong) {
  ExpectBad("gadget", "1 get 9 0",
            {{"x get 9 0", "'x', with which the line begins, is no time"},
             {"1 gets 9 0", "'gets' is no operation"},
             {"1", "'' is no operation"},
             {"1 get", "there is no key"},
             {"1 get  9", "there is no key"}});
}

TEST_F(TextImportTest, YcsbsRecordsAreMapsOfTheirFields) {
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported,
                       ImportToTexts(Options("ycsb",
                                             "READ usertable user0 [ <all fields>]\n"
                                             "INSERT usertable user1 [ field1=ab field0= c=d ]\n"
                                             "UPDATE usertable user1 [ field0=x field1y field ]\n"
                                             "READ usertable user1 [ field0 field1 ]\n"
                                             "READ usertable user1 [ <all fields>]\n"
                                             "DELETE usertable user1\n")));
  EXPECT_EQ(imported.operations,
            (Texts{"usertable map map_scan user0 1", "usertable map map_put user1 field1 = ab",
                   "usertable map map_put user1 field0 =  c=d", "usertable map map_put user1 field0 = x field1y field",
                   "usertable map map_get user1 field0", "usertable map map_get user1 field1",
                   "usertable map map_scan user1 3", "usertable map clear user1"}));
  EXPECT_EQ(imported.times_ms, (std::vector<int64_t>{0, 1, 1, 2, 3, 3, 4, 5}));
}

TEST_F(TextImportTest, WhatElseYcsbPrintsIsNotAnOperationAndNoDamage) {
  ASSERT_OK_AND_ASSIGN(
      const ImportedTrace imported,
      ImportToTexts(Options("ycsb",
                            "/usr/bin/java -cp lib.jar site.ycsb.Client -db site.ycsb.BasicDB -P workloada -t\n"
                            "YCSB Client 0.17.0\n\nLoading workload...\nStarting test.\n"
                            "***************** properties *****************\n"
                            "\"measurementtype\"=\"hdrhistogram\"\n"
                            "**********************************************\n"
                            "2024-01-01 10:00:00:123 0 sec: 0 operations; est completion in 0 second \n"
                            "READ usertable user1 [ <all fields>]\n"
                            "SCAN usertable user1 17 [ <all fields>]\n"
                            "[OVERALL], RunTime(ms), 310\n[READ], Operations, 1\n")));
  EXPECT_EQ(imported.operations, (Texts{"usertable map map_scan user1 1"}));
  EXPECT_EQ(imported.report.left_out, (LeftOut{{"scans over keys, which are in no order in keyed state", 1}}));
}

TEST_F(TextImportTest, ABadLineOfYcsbIsToldWithWhatIsWrong) {
  ExpectBad("ycsb", "READ t k [ f ]",
            {{"EAD t k [ f ]", "no operation"},
             {"READ", "no table or no key"},
             {"READ t", "no table or no key"},
             {"READ t k", "has no end"},
             {"READ t k [ <all fie", "has no end"},
             {"UPDATE t k [ field1=abc", "has no end"},
             {"INSERT t k [ abc ]", "a field without a name"},
             {"SCAN t k 1x [ f ]", "has no end"},
             {"DELETE t k k", "something follows"},
             {"READ " + std::string(256, 't') + " k [ f ]", "more than 255 bytes"}});
}

TEST_F(TextImportTest, NothingIsLeftWhereImportingFails) {
  for (const auto& [format, text] : std::map<std::string, std::string>{
           {"gadget", "1 get 9 0\nx\n"}, {"ycsb", "READ t k [ f ]\nREAD\n"}, {"rocksdb_trace", "1 get 9 0\n"}}) {
    const AccessImportOptions options = Options(format, text);
    const std::string path = directory_.File("out.trace");
    {
      ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(path));
      EXPECT_FALSE(ImportAccesses(options, writer.get()).ok()) << format;
    }
    EXPECT_EQ(directory_.Files(), 1u) << format;
  }
}

TEST_F(TextImportTest, AnImportIsStoppedWhenAskedTo) {
  AccessImportOptions options = Options("gadget", "1 get 9 0\n");
  options.stopped = [] { return true; };
  EXPECT_CODE(ImportToTexts(options), kCancelled);
}

TEST_F(TextImportTest, WhatCanBeReadOnceAloneIsRefused) {
  EXPECT_CODE(ImportToTexts({.path = "/dev/null", .format = "ycsb"}), kInvalidArgument);
  EXPECT_MENTIONS(ImportToTexts({.path = "/dev/null", .format = "ycsb"}), "save it first");
}

}  // namespace
}  // namespace kvstate::harness

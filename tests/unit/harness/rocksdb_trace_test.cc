#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backends/rocksdb/rocksdb_query_trace.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/imported_trace.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

using backends::rocksdb::TracedQuery;
using Kind = TracedQuery::Kind;
using Write = TracedQuery::Write;
using Texts = std::vector<std::string>;

constexpr size_t kHeadBytes = 13;

std::string Fixed(uint64_t number, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) {
    text.push_back(static_cast<char>(i < 8 ? number >> (8 * i) : 0));
  }
  return text;
}

std::string Record(int type, const std::string& payload) {
  return Fixed(5'000'000, 8) + static_cast<char>(type) + Fixed(payload.size(), 4) + payload;
}

std::string Header(const std::string& version) {
  return Record(1, "feedcafedeadbeef\tTrace Version: " + version + "\tRocksDB Version: 7.8\tFormat: any\n");
}

class RocksDBTraceTest : public ::testing::Test {
 protected:
  /// RocksDB's own trace of the queries.
  std::string TraceOf(const std::vector<TracedQuery>& queries) {
    std::string path = directory_.File("queries.trace");
    EXPECT_OK(backends::rocksdb::WriteQueryTrace(directory_.File("db"), path, queries));
    return path;
  }
  static AccessImportOptions Options(const std::string& path) { return {.path = path, .format = "rocksdb_trace"}; }
  Result<ImportedTrace> ImportBytes(const std::string& bytes, bool skip_bad_rows = false) {
    AccessImportOptions options = Options(directory_.Write("bytes.trace", bytes));
    options.skip_bad_rows = skip_bad_rows;
    return ImportToTexts(options);
  }

  TemporaryDirectory directory_;
};

TEST_F(RocksDBTraceTest, ColumnFamiliesAreStatesOfValuesOrLists) {
  const std::string path = TraceOf({
      {Kind::kWrite, {{0, "a", "1"}}},
      {Kind::kGet, {{0, "a"}}},
      {Kind::kWrite,
       {{1, "l", "whole"}, {1, "l", "more", Write::kMerge}, {0, "", "log", Write::kLogData}, {0, "b", ""}}},
      {Kind::kGet, {{1, "l"}}},
      {Kind::kGet, {{0, "b"}, {1, "m"}, {0, "none"}}},
      {Kind::kWrite, {{0, "a", "", Write::kDelete}, {0, "b", "", Write::kSingleDelete}, {1, "l", "", Write::kDelete}}},
  });
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported, ImportToTexts(Options(path)));
  EXPECT_EQ(imported.operations,
            (Texts{"default value update a = 1", "default value get a", "column_family_1 list update l = \005whole",
                   "column_family_1 list add l = more", "default value update b = ", "column_family_1 list get l",
                   "default value get b", "column_family_1 list get m", "default value get none",
                   "default value clear a", "default value clear b", "column_family_1 list clear l"}));
  EXPECT_TRUE(imported.report.left_out.empty());
  EXPECT_TRUE(std::is_sorted(imported.times_ms.begin(), imported.times_ms.end()));
  EXPECT_GT(imported.times_ms.front(), 1'600'000'000'000);
}

TEST_F(RocksDBTraceTest, WithAPrefixKeysAreThoseOfMapsAndSeeksAreScans) {
  const std::string path = TraceOf({
      {Kind::kWrite, {{0, "kkuser", "1"}, {0, "kk", "2"}, {1, "kkl", "x", Write::kMerge}}},
      {Kind::kGet, {{0, "kkuser"}}},
      {Kind::kSeek, {{0, "kkus"}}, "kl"},
      {Kind::kSeekForPrev, {{0, "kkz"}}},
      {Kind::kSeek, {{0, "k"}}},
      {Kind::kWrite, {{0, "kkuser", "", Write::kDelete}}},
  });
  AccessImportOptions options = Options(path);
  options.key_prefix_bytes = 2;
  options.seek_steps = 7;
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported, ImportToTexts(options));
  EXPECT_EQ(imported.operations,
            (Texts{"default map map_put kk user = 1", "default map map_put kk  = 2", "column_family_1 list add kkl = x",
                   "default map map_get kk user", "default map map_scan kk 7", "default map map_scan kk 7",
                   "default map map_remove kk user"}));
  EXPECT_EQ(imported.report.left_out,
            (std::map<std::string, uint64_t>{{"accesses to keys shorter than --key_prefix_bytes", 1}}));
}

TEST_F(RocksDBTraceTest, WhatHasNoCounterpartIsCounted) {
  const std::string path = TraceOf({
      {Kind::kSeek, {{0, "a"}}},
      {Kind::kSeekForPrev, {{0, "a"}}},
      {Kind::kWrite, {{0, "a", "z", Write::kDeleteRange}, {0, "b", "1"}}},
      {Kind::kWrite, {{0, std::string(70000, 'k'), "1"}}},
  });
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported, ImportToTexts(Options(path)));
  EXPECT_EQ(imported.operations, (Texts{"default value update b = 1"}));
  EXPECT_EQ(imported.report.left_out,
            (std::map<std::string, uint64_t>{{"seeks in value states, which have no scans", 2},
                                             {"deletes of a range of keys", 1},
                                             {"accesses to keys of more than 65535 bytes", 1}}));
}

TEST_F(RocksDBTraceTest, AVeryLargeBatchIsTakenWhole) {
  TracedQuery write;
  TracedQuery reads{Kind::kGet, {}};
  for (int i = 0; i < 5000; ++i) {
    write.steps.push_back({0, "k" + std::to_string(i), std::to_string(i)});
    reads.steps.push_back({0, "k" + std::to_string(i)});
  }
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported, ImportToTexts(Options(TraceOf({write, reads}))));
  ASSERT_EQ(imported.operations.size(), 10000u);
  EXPECT_EQ(imported.operations[4999], "default value update k4999 = 4999");
  EXPECT_EQ(imported.operations[9999], "default value get k4999");
}

TEST_F(RocksDBTraceTest, EveryTruncationIsToldWithItsOffsetAndTheRestReadOnRequest) {
  const std::string whole = TemporaryDirectory::Read(TraceOf(
      {{Kind::kWrite, {{0, "a", "1"}}}, {Kind::kGet, {{0, "a"}}}, {Kind::kWrite, {{0, "a", "2"}, {0, "b", "3"}}}}));
  const size_t header = kHeadBytes + static_cast<uint8_t>(whole[9]);
  size_t most = 0;
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto strict = ImportBytes(whole.substr(0, bytes));
    if (bytes < kHeadBytes + 16) {
      EXPECT_CODE(strict, kInvalidArgument) << bytes;
    } else {
      EXPECT_CODE(strict, kDataLoss) << bytes;
      EXPECT_MENTIONS(strict, "at offset ");
    }
    if (bytes < header) continue;
    EXPECT_MENTIONS(strict, "cut short");
    ASSERT_OK_AND_ASSIGN(const ImportedTrace lenient, ImportBytes(whole.substr(0, bytes), true));
    EXPECT_EQ(lenient.report.bad_rows, 1u);
    EXPECT_GE(lenient.operations.size(), most);
    most = lenient.operations.size();
  }
  EXPECT_EQ(most, 4u);
}

TEST_F(RocksDBTraceTest, DamageIsToldWithTheRecordsOffset) {
  const std::string header = Header("0.2");
  const std::string good = Record(4, Fixed(0xc, 8) + Fixed(0, 4) + "\001a");
  const std::string end = Record(2, "");
  const std::string batch = Fixed(0, 8) + Fixed(1, 4);
  const std::map<std::string, std::string> cases = {
      {"of type 99", Record(99, "")},
      {"of type 0", Record(0, "")},
      {"a get that is damaged", Record(4, Fixed(0xc, 8) + Fixed(0, 4) + "\005a")},
      {"a get that is damaged, or of a newer", Record(4, Fixed(0x1c, 8) + Fixed(0, 4) + "\001a")},
      {"a seek that is damaged", Record(5, Fixed(0x30, 8) + Fixed(0, 4) + "\001ab")},
      {"a write that is damaged", Record(3, Fixed(2, 8) + "\177" + batch)},
      {"a write batch without a head", Record(3, Fixed(2, 8) + std::string("\002ab", 3))},
      {"a write batch that is cut short", Record(3, Fixed(2, 8) + "\014" + batch)},
      {"an entry of type 77", Record(3, Fixed(2, 8) + "\015" + batch + "M")},
      {"an entry in a write batch that is damaged", Record(3, Fixed(2, 8) + "\016" + batch + "\001\011")},
      {"more entries than it says", Record(3, Fixed(2, 8) + "\016" + Fixed(0, 12) + std::string("\0\0", 2))},
      {"2 keys with column families", Record(13, Fixed(0x700, 8) + Fixed(2, 4) + "\004" + Fixed(0, 4) + "\002\001a")},
      {"fewer keys", Record(13, Fixed(0x700, 8) + Fixed(1, 4) + "\004" + Fixed(0, 4) + std::string("\0", 1))},
      {"more keys", Record(13, Fixed(0x700, 8) + Fixed(1, 4) + "\004" + Fixed(0, 4) + "\004\001a\001b")},
      {"something follows", end + "more"},
  };
  for (const auto& [says, record] : cases) {
    const auto imported = ImportBytes(header + good + record + end);
    EXPECT_CODE(imported, kDataLoss) << says;
    EXPECT_MENTIONS(imported, "bytes.trace at offset ");
    EXPECT_MENTIONS(imported, says);
    ASSERT_OK_AND_ASSIGN(const ImportedTrace lenient, ImportBytes(header + good + record + end, true));
    EXPECT_EQ(lenient.report.bad_rows, 1u) << says;
    EXPECT_GE(lenient.operations.size(), 1u) << says;
  }
}

TEST_F(RocksDBTraceTest, TheOlderVersionHasNoMapsOfMembers) {
  const std::string batch = Fixed(0, 8) + Fixed(2, 4) + "\001\001a\0012\005\003\001b\0013";
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported,
                       ImportBytes(Header("0.1") + Record(3, batch) + Record(4, Fixed(3, 4) + "\001b") +
                                   Record(5, Fixed(0, 4) + "\001a") + Record(2, "")));
  EXPECT_EQ(imported.operations,
            (Texts{"default value update a = 2", "column_family_3 value update b = 3", "column_family_3 value get b"}));
  EXPECT_EQ(imported.times_ms, (std::vector<int64_t>{5000, 5000, 5000}));
}

TEST_F(RocksDBTraceTest, OtherVersionsAndOtherFilesAreRefused) {
  for (const std::string version : {"0.3", "1.0", "", "x"}) {
    const auto imported = ImportBytes(Header(version) + Record(2, ""));
    EXPECT_CODE(imported, kInvalidArgument);
    EXPECT_MENTIONS(imported, "version '" + version + "'; there are 0.1 and 0.2");
  }
  for (const std::string bytes : {"", "KVSTRACE", "a,1\nb,2\nc,3\nd,4\ne,5\nf,6\ng,7\n"}) {
    EXPECT_CODE(ImportBytes(bytes), kInvalidArgument);
    EXPECT_MENTIONS(ImportBytes(bytes), "is no trace of RocksDB's queries");
  }
}

TEST_F(RocksDBTraceTest, ATraceWithoutQueriesIsATraceWithoutOperations) {
  ASSERT_OK_AND_ASSIGN(const ImportedTrace imported, ImportToTexts(Options(TraceOf({}))));
  EXPECT_TRUE(imported.operations.empty());
}

}  // namespace
}  // namespace kvstate::harness

#include "backends/rocksdb/rocksdb_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "backends/rocksdb/rocksdb_merge.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::rocksdb {
namespace {

class RocksDbStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_rocksdb_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    ASSERT_OK_AND_ASSIGN(EngineSettings settings, ParseOptions({}));
    ASSERT_OK_AND_ASSIGN(store_, RocksDbStore::OpenNew((root_ / "db").string(), std::move(settings)));
  }
  void TearDown() override {
    table_.reset();
    if (store_ != nullptr) {
      EXPECT_OK(store_->Close());
    }
    std::filesystem::remove_all(root_);
  }

  void MakeTable(AppendKind append) {
    TableOptions options;
    options.name = "table";
    options.append = append;
    options.reduce = [](std::string* accumulator, ByteView value) {
      *accumulator = std::to_string(std::stoll(*accumulator) + std::stoll(std::string(value)));
      return Status();
    };
    ASSERT_OK_AND_ASSIGN(table_, store_->CreateTable(options));
    ASSERT_TRUE(table_->appends());
  }
  std::string Get() {
    ByteView value;
    const auto found = table_->Get("key", &value);
    EXPECT_OK(found);
    return found.ok() && *found ? std::string(value) : "(absent)";
  }

  std::filesystem::path root_;
  std::unique_ptr<OrderedStore> store_;
  std::unique_ptr<StoreTable> table_;
};

TEST_F(RocksDbStoreTest, AppendedOperandsAreConcatenatedInOrderAlsoFromFiles) {
  MakeTable(AppendKind::kConcat);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string operand = std::to_string(i) + ",";
    ASSERT_OK(table_->Append("key", operand));
    expected += operand;
    if (i % 100 == 50) {
      ASSERT_OK(store_->Flush(/*compact=*/false));
    }
  }
  EXPECT_EQ(Get(), expected);
  ASSERT_OK(store_->Flush(/*compact=*/true));
  EXPECT_EQ(Get(), expected);
}

TEST_F(RocksDbStoreTest, AppendedOperandsAreReducedAlsoFromFiles) {
  MakeTable(AppendKind::kReduce);
  for (int i = 1; i <= 300; ++i) {
    ASSERT_OK(table_->Append("key", std::to_string(i)));
    if (i % 100 == 50) {
      ASSERT_OK(store_->Flush(/*compact=*/false));
    }
  }
  EXPECT_EQ(Get(), "45150");
  ASSERT_OK(store_->Flush(/*compact=*/true));
  EXPECT_EQ(Get(), "45150");
}

TEST_F(RocksDbStoreTest, AReadOfManyOperandsSavesTheNextReadFromThem) {
  for (const AppendKind append : {AppendKind::kConcat, AppendKind::kReduce}) {
    MakeTable(append);
    for (int i = 0; i < 1000; ++i) ASSERT_OK(table_->Append("key", "1"));
    const std::string expected = append == AppendKind::kReduce ? "1000" : std::string(1000, '1');
    EXPECT_EQ(Get(), expected);
    TakeMergedOperands();
    std::string value;
    ASSERT_OK(table_->ConcurrentGet("key", &value));
    EXPECT_EQ(value, expected);
    EXPECT_EQ(TakeMergedOperands(), 0u);
    ASSERT_OK(store_->DropTable(std::move(table_)));
  }
}

TEST_F(RocksDbStoreTest, CountsWhatFlushesAndCompactionsWrite) {
  MakeTable(AppendKind::kConcat);
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 100; ++i) ASSERT_OK(table_->Put(std::to_string(i), std::string(1000, 'v')));
    ASSERT_OK(store_->Flush(/*compact=*/false));
  }
  ASSERT_OK(store_->Flush(/*compact=*/true));
  ASSERT_OK_AND_ASSIGN(const EngineCounters counters, store_->Collect());
  EXPECT_EQ(counters.logical_bytes_written, 8u * (100 * 1000 + 90 * 2 + 10));
  EXPECT_GT(counters.flush_bytes_written.value(), 0u);
  EXPECT_GT(counters.flush_time_ns.value(), 0u);
  EXPECT_GT(counters.compaction_bytes_read.value(), 0u);
  EXPECT_GT(counters.compaction_bytes_written.value(), 0u);
  EXPECT_GT(counters.compaction_time_ns.value(), 0u);
  EXPECT_GE(counters.storage_bytes_written.value(), *counters.flush_bytes_written + *counters.compaction_bytes_written);
  EXPECT_GT(counters.disk_bytes.value(), 0u);
  EXPECT_LT(counters.disk_bytes.value(), *counters.storage_bytes_written);
  EXPECT_GT(counters.memory_bytes.value(), 0u);
  EXPECT_TRUE(counters.stall_time_ns.has_value());
}

TEST_F(RocksDbStoreTest, KeepsRocksDbsMessages) {
  MakeTable(AppendKind::kConcat);
  ASSERT_OK(table_->Put("key", "value"));
  ASSERT_OK(store_->Flush(/*compact=*/false));
  EXPECT_GT(std::filesystem::file_size(root_ / "db/LOG"), 0u);
}

TEST_F(RocksDbStoreTest, WritesNoWriteAheadLog) {
  MakeTable(AppendKind::kConcat);
  for (int i = 0; i < 1000; ++i) ASSERT_OK(table_->Put(std::to_string(i), std::string(1000, 'v')));
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "db")) {
    if (entry.path().extension() == ".log") {
      EXPECT_EQ(entry.file_size(), 0u) << entry.path();
    }
  }
}

}  // namespace
}  // namespace kvstate::backends::rocksdb

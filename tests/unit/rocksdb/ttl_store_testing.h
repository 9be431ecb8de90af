#ifndef KVSTATE_TESTS_UNIT_ROCKSDB_TTL_STORE_TESTING_H_
#define KVSTATE_TESTS_UNIT_ROCKSDB_TTL_STORE_TESTING_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "backends/rocksdb/rocksdb_store.h"
#include "backends/rocksdb/rocksdb_table.h"
#include "kvstate/clock.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::rocksdb {

inline std::string TimeBytes(int64_t time) {
  ByteWriter out;
  out.PutFixed64(static_cast<uint64_t>(time));
  return std::string(out.view());
}

/// As a state with a time to live stores it.
inline std::string TimedValue(int64_t time, const std::string& value) { return TimeBytes(time) + value; }
inline std::string TimedEntry(int64_t time, const std::string& value) {
  return std::string(1, '\0') + TimeBytes(time) + std::string(1, '\0') + value;
}
inline std::string TimedElement(int64_t time, const std::string& element) {
  return static_cast<char>(8 + element.size()) + TimeBytes(time) + element;
}

/// A store on a clock of the test's, with tables whose values live 1,000 ms.
class TtlStoreTest : public testing::Test {
 protected:
  static constexpr int64_t kTtl = 1000;

  void SetUp() override { Open({}); }
  void TearDown() override {
    tables_.clear();
    if (store_ != nullptr) {
      EXPECT_OK(store_->Close());
    }
    std::filesystem::remove_all(root_);
  }

  void Open(std::map<std::string, std::string> options) {
    tables_.clear();
    store_.reset();
    std::filesystem::remove_all(root_);
    std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_rocksdb_ttl_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    // Whatever is compacted, the test or a sweep has asked for.
    options.insert({"level0_file_num_compaction_trigger", "100"});
    ASSERT_OK_AND_ASSIGN(EngineSettings settings, ParseOptions(options));
    ASSERT_OK_AND_ASSIGN(store_, RocksDbStore::OpenNew((root_ / "db").string(), std::move(settings)));
  }

  std::shared_ptr<const TableTtl> TtlOf(StateKind kind, TtlCleanup cleanup = {}, int64_t ttl = kTtl) const {
    return std::make_shared<const TableTtl>(TableTtl{TtlFilter(kind, kVariableSize, ttl), clock_, cleanup});
  }
  /// Null until StartTtl when `ttl` is.
  RocksDbTable& MakeTable(const std::string& name, StateKind kind, const std::shared_ptr<const TableTtl>& ttl) {
    TableOptions options;
    options.name = name;
    options.append = kind == StateKind::kList ? AppendKind::kConcat : AppendKind::kNone;
    options.may_expire = true;
    auto table = store_->CreateTable(options);
    EXPECT_OK(table);
    tables_.push_back(std::move(table).value());
    auto& made = static_cast<RocksDbTable&>(*tables_.back());
    if (ttl != nullptr) {
      EXPECT_OK(made.StartTtl(ttl));
    }
    return made;
  }
  RocksDbTable& MakeTable(StateKind kind) { return MakeTable("table", kind, TtlOf(kind)); }

  /// All that is stored, expired or not.
  std::map<std::string, std::string> Stored(RocksDbTable& table) {
    std::map<std::string, std::string> entries;
    const auto iterator = table.NewIterator({}, {});
    EXPECT_OK(iterator);
    EXPECT_OK((*iterator)->Seek({}));
    while ((*iterator)->Valid()) {
      entries.emplace((*iterator)->key(), (*iterator)->value());
      EXPECT_OK((*iterator)->Next());
    }
    return entries;
  }
  void Flush() { ASSERT_OK(store_->Flush(/*compact=*/false)); }
  /// All files into one level, by RocksDB itself.
  void CompactAll(RocksDbTable& table) {
    ::rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = ::rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(store_->db().CompactRange(options, table.family()->handle(), nullptr, nullptr).ok());
  }
  /// To the end of what it begins.
  void Sweep(RocksDbTable& table) {
    ASSERT_OK(table.SweepExpired());
    ASSERT_OK(store_->Flush(/*compact=*/true));
  }
  TtlFigures FiguresOf(const RocksDbTable& table) const {
    TtlFigures figures;
    table.AddTtlFigures(&figures);
    return figures;
  }
  uint64_t TableFiles(const RocksDbTable& table) const {
    ::rocksdb::ColumnFamilyMetaData metadata;
    store_->db().GetColumnFamilyMetaData(table.family()->handle(), &metadata);
    return metadata.file_count;
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(5000);
  std::filesystem::path root_;
  std::unique_ptr<RocksDbStore> store_;
  std::vector<std::unique_ptr<StoreTable>> tables_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_TESTS_UNIT_ROCKSDB_TTL_STORE_TESTING_H_

#ifndef KVSTATE_TESTS_UNIT_LMDB_LMDB_STORE_TESTING_H_
#define KVSTATE_TESTS_UNIT_LMDB_LMDB_STORE_TESTING_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/lmdb/lmdb_store.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::lmdb {

/// A store in a directory of its own, with a map so small that it grows in most tests.
class LmdbStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "kvstate-lmdb-XXXXXX").string();
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    directory_ = made;
    options_.map_bytes = size_t{1} << 20;
    Open();
  }
  void TearDown() override {
    if (store_ != nullptr) {
      EXPECT_OK(store_->Close());
    }
    std::filesystem::remove_all(directory_);
  }

  /// A new store with options_, on a new file.
  void Open() {
    store_.reset();
    std::filesystem::remove(directory_ / "data.mdb");
    auto opened = LmdbStore::Open(directory_.string(), options_);
    ASSERT_OK(opened);
    store_ = std::move(opened).value();
  }
  std::unique_ptr<StoreTable> MakeTable(const std::string& name = "table", bool concurrent_reads = false) {
    TableOptions options;
    options.name = name;
    options.concurrent_reads = concurrent_reads;
    auto table = store_->CreateTable(options);
    EXPECT_OK(table);
    return table.ok() ? std::move(table).value() : nullptr;
  }

  static std::string Read(StoreTable& table, ByteView key) {
    ByteView value;
    const auto found = table.Get(key, &value);
    EXPECT_OK(found);
    return found.ok() && *found ? std::string(value) : "(absent)";
  }
  using Entries = std::map<std::string, std::string>;
  /// What an iterator gives from `seek` on.
  static Entries Scan(StoreTable& table, ByteView lower = {}, ByteView upper = {}, ByteView seek = {}) {
    Entries entries;
    auto iterator = table.NewIterator(lower, upper);
    EXPECT_OK(iterator);
    EXPECT_OK((*iterator)->Seek(seek));
    std::string last;
    while ((*iterator)->Valid()) {
      const std::string key((*iterator)->key());
      EXPECT_TRUE(entries.empty() || last < key) << "out of order";
      entries[key] = (*iterator)->value();
      last = key;
      EXPECT_OK((*iterator)->Next());
    }
    return entries;
  }
  /// Pages of the file in use, as of a commit.
  uint64_t UsedPages() {
    EXPECT_OK(store_->Flush(false));
    const auto counters = store_->Collect();
    EXPECT_OK(counters);
    return *counters->disk_bytes / *counters->page_bytes;
  }

  std::filesystem::path directory_;
  LmdbOptions options_;
  std::unique_ptr<LmdbStore> store_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_TESTS_UNIT_LMDB_LMDB_STORE_TESTING_H_

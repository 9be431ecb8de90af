#ifndef KVSTATE_TESTS_UNIT_LEVELDB_STORE_FIXTURE_H_
#define KVSTATE_TESTS_UNIT_LEVELDB_STORE_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/leveldb/leveldb_store.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::leveldb {

/// A store in a directory of its own.
class StoreFixture : public testing::Test {
 protected:
  explicit StoreFixture(std::map<std::string, std::string> options) : options_(std::move(options)) {}

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_leveldb_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    ASSERT_OK_AND_ASSIGN(EngineSettings settings, ParseOptions(options_));
    ASSERT_OK_AND_ASSIGN(store_, LevelDbStore::Open((root_ / "db").string(), std::move(settings)));
  }
  void TearDown() override {
    if (store_ != nullptr) {
      EXPECT_OK(store_->Close());
    }
    std::filesystem::remove_all(root_);
  }

  std::unique_ptr<StoreTable> MakeTable() {
    auto table = store_->CreateTable({});
    EXPECT_OK(table);
    return std::move(table).value();
  }
  static std::vector<std::string> KeysOf(StoreTable& table) {
    std::vector<std::string> keys;
    const auto iterator = table.NewIterator({}, {});
    EXPECT_OK(iterator);
    Status status = (*iterator)->Seek({});
    while (status.ok() && (*iterator)->Valid()) {
      keys.emplace_back((*iterator)->key());
      status = (*iterator)->Next();
    }
    EXPECT_OK(status);
    return keys;
  }

  std::filesystem::path root_;
  std::unique_ptr<OrderedStore> store_;

 private:
  const std::map<std::string, std::string> options_;
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_TESTS_UNIT_LEVELDB_STORE_FIXTURE_H_

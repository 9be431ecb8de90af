#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backends/leveldb/leveldb_store.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::leveldb {
namespace {

class LevelDbRemovalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_leveldb_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    ASSERT_OK_AND_ASSIGN(EngineSettings settings, ParseOptions({}));
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
  uint64_t Flushed() {
    const auto counters = store_->Collect();
    EXPECT_OK(counters);
    return counters->flush_bytes_written.value();
  }
  void AwaitFlush() {
    for (int i = 0; i < 60'000 && Flushed() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_GT(Flushed(), 0U);
  }

  std::filesystem::path root_;
  std::unique_ptr<OrderedStore> store_;
};

TEST_F(LevelDbRemovalTest, ManyAreDeletedOfTheirTableAloneAndAnIteratorGoesOn) {
  auto table = MakeTable();
  auto other = MakeTable();
  for (const char* key : {"", "a", "b", "c", "\xff"}) {
    ASSERT_OK(table->Put(key, "value"));
    ASSERT_OK(other->Put(key, "value"));
  }
  ASSERT_OK_AND_ASSIGN(const auto iterator, table->NewIterator({}, {}));
  ASSERT_OK(iterator->Seek({}));
  const std::vector<ByteView> keys{"", "absent", "b", "\xff"};
  uint64_t deleted = 1;
  ASSERT_OK(table->DeleteMany(keys, &deleted));
  EXPECT_EQ(deleted, 5U);
  EXPECT_EQ(KeysOf(*table), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(KeysOf(*other).size(), 5U);
  int seen = 0;
  for (; iterator->Valid(); ++seen) ASSERT_OK(iterator->Next());
  EXPECT_EQ(seen, 5);
  // What they and their values are is counted as written by single calls.
  ASSERT_OK_AND_ASSIGN(const EngineCounters counters, store_->Collect());
  EXPECT_EQ(counters.logical_bytes_written, 2U * (5 * 5 + 4) + 6 + 1 + 1);
}

TEST_F(LevelDbRemovalTest, ReclaimingFlushesMemoryBesideTheOwner) {
  auto table = MakeTable();
  for (int i = 0; i < 1000; ++i) ASSERT_OK(table->Put(std::to_string(i), "value"));
  EXPECT_EQ(Flushed(), 0U);
  table->Reclaim();
  for (int i = 1000; i < 2000; ++i) {
    table->Reclaim();
    ASSERT_OK(table->Put(std::to_string(i), "value"));
  }
  AwaitFlush();
  EXPECT_EQ(KeysOf(*table).size(), 2000U);
}

TEST_F(LevelDbRemovalTest, AStoreThatIsFlushedInTheBackgroundCanBeSnappedAndClosed) {
  auto table = MakeTable();
  for (int i = 0; i < 50'000; ++i) ASSERT_OK(table->Put(std::to_string(i), "value"));
  table->Reclaim();
  ASSERT_OK_AND_ASSIGN(const auto files, store_->LinkFiles());
  EXPECT_FALSE(files->files().empty());
  for (int i = 0; i < 50'000; ++i) ASSERT_OK(table->Put(std::to_string(i), "other"));
  table->Reclaim();
  table.reset();
  ASSERT_OK(store_->Close());
}

}  // namespace
}  // namespace kvstate::backends::leveldb

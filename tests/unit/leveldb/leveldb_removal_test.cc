#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "backends/leveldb/leveldb_background_compaction.h"
#include "backends/leveldb/leveldb_store.h"
#include "backends/leveldb/leveldb_table.h"
#include "tests/support/status_testing.h"
#include "tests/unit/leveldb/store_fixture.h"

namespace kvstate::backends::leveldb {
namespace {

class LevelDbRemovalTest : public StoreFixture {
 protected:
  LevelDbRemovalTest() : StoreFixture({}) {}

  uint64_t Flushed() {
    const auto counters = store_->Collect();
    EXPECT_OK(counters);
    return counters->flush_bytes_written.value();
  }
  uint64_t BytesOnDisk() {
    const auto counters = store_->Collect();
    EXPECT_OK(counters);
    return counters->disk_bytes.value();
  }
  /// 20 MB in files, of which every hundredth entry is left, and the rest beneath tombstones in other files.
  std::unique_ptr<StoreTable> MakeTableOfRemains() {
    auto table = MakeTable();
    std::mt19937_64 random(1);
    std::string value(1000, 'v');
    for (int i = 0; i < 20'000; ++i) {
      for (char& byte : value) byte = static_cast<char>(random());
      EXPECT_OK(table->Put(KeyOf(i), value));
    }
    EXPECT_OK(store_->Flush(/*compact=*/false));
    for (int i = 0; i < 20'000; ++i) {
      if (i % 100 == 0) continue;
      EXPECT_OK(table->Delete(KeyOf(i)));
    }
    return table;
  }
  /// Spread over all first bytes.
  static std::string KeyOf(int i) {
    const auto spread = static_cast<uint32_t>(i) * 0x9e3779b1u;
    std::string key;
    for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(spread >> shift & 0xff));
    return key + std::to_string(i);
  }
  void AwaitFlush() {
    for (int i = 0; i < 60'000 && Flushed() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_GT(Flushed(), 0U);
  }
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
  EXPECT_TRUE(table->ReclaimMemory());
  for (int i = 1000; i < 2000; ++i) {
    table->ReclaimMemory();
    ASSERT_OK(table->Put(std::to_string(i), "value"));
  }
  AwaitFlush();
  EXPECT_EQ(KeysOf(*table).size(), 2000U);
}

TEST_F(LevelDbRemovalTest, ReclaimingAllLeavesNothingInFilesOfWhatWasDeleted) {
  auto other = MakeTable();
  ASSERT_OK(other->Put("key", "value"));
  auto table = MakeTableOfRemains();
  EXPECT_GT(BytesOnDisk(), 10'000'000U);
  // In slices, as a large table is.
  BackgroundCompaction compaction(/*slice_bytes=*/4'000'000);
  auto& store = static_cast<LevelDbStore&>(*store_);
  EXPECT_TRUE(compaction.CompactPrefix(store.db(), static_cast<LevelDbTable&>(*table).prefix()));
  compaction.Wait();
  EXPECT_LT(BytesOnDisk(), 1'000'000U);
  EXPECT_EQ(KeysOf(*table).size(), 200U);
  EXPECT_EQ(KeysOf(*other).size(), 1U);
}

TEST_F(LevelDbRemovalTest, AStoreOfWhichAllIsReclaimedCanBeSnappedAndClosed) {
  auto table = MakeTableOfRemains();
  EXPECT_TRUE(table->ReclaimAll());
  ASSERT_OK_AND_ASSIGN(const auto files, store_->LinkFiles());
  EXPECT_FALSE(files->files().empty());
  EXPECT_EQ(KeysOf(*table).size(), 200U);
  table->ReclaimAll();
  table.reset();
  ASSERT_OK(store_->Close());
}

TEST_F(LevelDbRemovalTest, AStoreThatIsFlushedInTheBackgroundCanBeSnappedAndClosed) {
  auto table = MakeTable();
  for (int i = 0; i < 50'000; ++i) ASSERT_OK(table->Put(std::to_string(i), "value"));
  table->ReclaimMemory();
  ASSERT_OK_AND_ASSIGN(const auto files, store_->LinkFiles());
  EXPECT_FALSE(files->files().empty());
  for (int i = 0; i < 50'000; ++i) ASSERT_OK(table->Put(std::to_string(i), "other"));
  table->ReclaimMemory();
  table.reset();
  ASSERT_OK(store_->Close());
}

}  // namespace
}  // namespace kvstate::backends::leveldb

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backends/leveldb/leveldb_store.h"
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

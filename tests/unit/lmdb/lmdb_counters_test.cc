#include <string>

#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace kvstate::backends::lmdb {
namespace {

class LmdbCountersTest : public LmdbStoreTest {
 protected:
  EngineCounters Collect() {
    auto counters = store_->Collect();
    EXPECT_OK(counters);
    return *counters;
  }
};

TEST_F(LmdbCountersTest, CountsTheBytesHandedToItAlsoOfDroppedTables) {
  auto table = MakeTable();
  auto dropped = MakeTable("dropped");
  ASSERT_OK(table->Put("key", "value"));
  ASSERT_OK(table->Delete("key"));
  ASSERT_OK(dropped->Put(std::string(1000, 'k'), "v"));
  EXPECT_EQ(Collect().logical_bytes_written, 3 + 5 + 3 + 1001u);
  ASSERT_OK(store_->DropTable(std::move(dropped)));
  EXPECT_EQ(Collect().logical_bytes_written, 3 + 5 + 3 + 1001u);
}

TEST_F(LmdbCountersTest, CountsPagesAtTheCommitThatMakesThemPartOfTheFile) {
  options_.map_bytes = size_t{64} << 20;
  Open();
  auto table = MakeTable();
  ASSERT_OK(store_->Flush(false));
  const EngineCounters empty = Collect();
  for (int i = 0; i < 1000; ++i) ASSERT_OK(table->Put("key" + std::to_string(i), std::string(1000, 'v')));
  EXPECT_EQ(Collect().pages_written, empty.pages_written) << "still in the transaction";
  ASSERT_OK(store_->Flush(false));
  const EngineCounters filled = Collect();
  const uint64_t pages = *filled.pages_written - *empty.pages_written;
  EXPECT_GE(pages * *filled.page_bytes, 1000u * 1000);
  EXPECT_LE(pages * *filled.page_bytes, 3u * 1000 * 1000);
  EXPECT_GE(*filled.disk_bytes, pages * *filled.page_bytes);
  EXPECT_EQ(*filled.storage_bytes_written, *filled.pages_written * *filled.page_bytes);

  // One changed entry: its leaf and root, the table of databases, free pages, meta.
  ASSERT_OK(table->Put("key500", std::string(1000, 'w')));
  ASSERT_OK(store_->Flush(false));
  const uint64_t for_one = *Collect().pages_written - *filled.pages_written;
  EXPECT_GE(for_one, 4u);
  EXPECT_LE(for_one, 8u);
  ASSERT_OK(store_->Flush(true));
  EXPECT_EQ(Collect().pages_written, *filled.pages_written + for_one) << "nothing to commit";
}

TEST_F(LmdbCountersTest, LeavesOutWhatLmdbHasNot) {
  auto table = MakeTable();
  const EngineCounters counters = Collect();
  EXPECT_FALSE(counters.compaction_bytes_written.has_value());
  EXPECT_FALSE(counters.flush_bytes_written.has_value());
  EXPECT_FALSE(counters.stall_time_ns.has_value());
  EXPECT_FALSE(counters.memory_bytes.has_value());
}

TEST_F(LmdbCountersTest, DiskBytesGrowWithWhatIsWrittenBeforeTheCommitToo) {
  options_.map_bytes = size_t{64} << 20;
  Open();
  auto table = MakeTable();
  for (int i = 0; i < 20; ++i) ASSERT_OK(table->Put("key" + std::to_string(i), std::string(1 << 20, 'v')));
  EXPECT_GE(*Collect().disk_bytes, uint64_t{20} << 20);
}

}  // namespace
}  // namespace kvstate::backends::lmdb

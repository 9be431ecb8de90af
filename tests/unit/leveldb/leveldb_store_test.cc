#include "backends/leveldb/leveldb_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/status_testing.h"
#include "tests/unit/leveldb/store_fixture.h"

namespace kvstate::backends::leveldb {
namespace {

class LevelDbStoreTest : public StoreFixture {
 protected:
  LevelDbStoreTest() : StoreFixture({{"write_buffer_size", "65536"}}) {}
};

TEST_F(LevelDbStoreTest, TablesDoNotSeeOneAnother) {
  // More than one byte's worth of prefixes.
  std::vector<std::unique_ptr<StoreTable>> tables;
  for (int i = 0; i < 300; ++i) tables.push_back(MakeTable());
  for (size_t i = 0; i < tables.size(); ++i) {
    for (const char* key : {"", "\xff\xff"}) ASSERT_OK(tables[i]->Put(key + std::to_string(i), "value"));
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    const std::string name = std::to_string(i);
    EXPECT_EQ(KeysOf(*tables[i]), (std::vector<std::string>{name, "\xff\xff" + name}));
  }
}

TEST_F(LevelDbStoreTest, ADroppedTableIsEmptyWhenItsPlaceIsTakenAgain) {
  auto kept = MakeTable();
  auto dropped = MakeTable();
  ASSERT_OK(kept->Put("kept", "value"));
  for (int i = 0; i < 5000; ++i) ASSERT_OK(dropped->Put(std::to_string(i), std::string(100, 'v')));
  ASSERT_OK(store_->DropTable(std::move(dropped)));
  EXPECT_TRUE(KeysOf(*MakeTable()).empty());
  EXPECT_EQ(KeysOf(*kept), std::vector<std::string>{"kept"});
}

TEST_F(LevelDbStoreTest, MemoryThatIsFullIsFlushedAndReadableWithoutALog) {
  auto table = MakeTable();
  for (int i = 0; i < 5000; ++i) ASSERT_OK(table->Put(std::to_string(i), std::string(100, 'v') + std::to_string(i)));
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "db")) {
    EXPECT_NE(entry.path().extension(), ".log") << entry.path();
  }
  for (int i = 0; i < 5000; ++i) {
    ByteView value;
    const auto found = table->Get(std::to_string(i), &value);
    ASSERT_OK(found);
    ASSERT_TRUE(*found) << i;
    EXPECT_EQ(value, std::string(100, 'v') + std::to_string(i));
  }
}

TEST_F(LevelDbStoreTest, TellsFlushesFromCompactions) {
  auto table = MakeTable();
  ASSERT_OK(table->Put("key", std::string(10000, 'v')));
  ASSERT_OK(store_->Flush(/*compact=*/false));
  ASSERT_OK_AND_ASSIGN(const EngineCounters flushed, store_->Collect());
  EXPECT_GT(flushed.flush_bytes_written.value(), 0u);
  EXPECT_GT(flushed.flush_time_ns.value(), 0u);
  EXPECT_EQ(flushed.compaction_bytes_written, 0u);
  EXPECT_EQ(flushed.compaction_bytes_read, 0u);
  EXPECT_EQ(flushed.logical_bytes_written, 10003u);
  EXPECT_EQ(flushed.disk_bytes, flushed.flush_bytes_written);

  for (int i = 0; i < 20000; ++i) {
    ASSERT_OK(table->Put(std::to_string(i * 7919 % 20000), std::string(100, static_cast<char>('a' + i % 26))));
  }
  ASSERT_OK(store_->Flush(/*compact=*/true));
  ASSERT_OK_AND_ASSIGN(const EngineCounters compacted, store_->Collect());
  EXPECT_GT(compacted.compaction_bytes_written.value(), 0u);
  EXPECT_GT(compacted.compaction_bytes_read.value(), 0u);
  EXPECT_GT(compacted.compaction_time_ns.value(), 0u);
  EXPECT_GE(compacted.storage_bytes_written.value(),
            *compacted.flush_bytes_written + *compacted.compaction_bytes_written);
  EXPECT_GT(compacted.memory_bytes.value(), 0u);
  uint64_t on_disk = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "db")) {
    if (entry.path().extension() == ".ldb") on_disk += entry.file_size();
  }
  EXPECT_EQ(compacted.disk_bytes, on_disk);
}

TEST_F(LevelDbStoreTest, HeldFilesGoWhenTheLastHoldIsReleased) {
  StoreEnv env;
  const std::string path = (root_ / "000001.ldb").string();
  const auto there = [&] { return std::filesystem::exists(path); };
  ::leveldb::WritableFile* file = nullptr;
  ASSERT_TRUE(env.NewWritableFile(path, &file).ok());
  ASSERT_TRUE(file->Append("bytes").ok());
  delete file;
  env.HoldDeletions();
  env.HoldDeletions();
  ASSERT_TRUE(env.RemoveFile(path).ok());
  EXPECT_TRUE(there());
  env.ReleaseDeletions();
  EXPECT_TRUE(there());
  EngineCounters counters;
  env.AddTo(&counters);
  EXPECT_EQ(counters.disk_bytes, 5u);
  env.ReleaseDeletions();
  EXPECT_FALSE(there());
  env.AddTo(&counters);
  EXPECT_EQ(counters.disk_bytes, 0u);
}

TEST(LevelDbOptionsTest, AnUnknownNameListsThoseThereAre) {
  const auto unknown = ParseOptions({{"no_such_option", "1"}});
  EXPECT_CODE(unknown, kInvalidArgument);
  for (const EngineOption& option : DocumentedOptions()) EXPECT_MENTIONS(unknown, option.name);
}

TEST(LevelDbOptionsTest, AWrongValueSaysWhatIsAllowed) {
  EXPECT_CODE(ParseOptions({{"compression", "zip"}}), kInvalidArgument);
  EXPECT_MENTIONS(ParseOptions({{"compression", "zip"}}), "snappy");
  for (const char* value : {"", "x", "-1", "1.5", "1 ", "99999999999999999999", "0"}) {
    EXPECT_CODE(ParseOptions({{"write_buffer_size", value}}), kInvalidArgument) << value;
  }
  EXPECT_MENTIONS(ParseOptions({{"write_buffer_size", "0"}}), "65536");
}

TEST(LevelDbOptionsTest, DocumentedDefaultsParse) {
  for (const EngineOption& option : DocumentedOptions()) {
    EXPECT_OK(ParseOptions({{option.name, option.default_value}})) << option.name;
  }
}

}  // namespace
}  // namespace kvstate::backends::leveldb

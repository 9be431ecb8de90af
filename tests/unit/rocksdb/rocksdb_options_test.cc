#include "backends/rocksdb/rocksdb_options.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/status_testing.h"

namespace kvstate::backends::rocksdb {
namespace {

TEST(RocksDbOptionsTest, DefaultsAreFlinks) {
  ASSERT_OK_AND_ASSIGN(const EngineSettings settings, ParseOptions({}));
  EXPECT_EQ(settings.column_family.write_buffer_size, 64u << 20);
  EXPECT_EQ(settings.column_family.max_write_buffer_number, 2);
  EXPECT_EQ(settings.column_family.min_write_buffer_number_to_merge, 1);
  EXPECT_EQ(settings.column_family.compression, ::rocksdb::kSnappyCompression);
  EXPECT_EQ(settings.column_family.compaction_style, ::rocksdb::kCompactionStyleLevel);
  EXPECT_EQ(settings.column_family.max_bytes_for_level_base, 256u << 20);
  EXPECT_EQ(settings.column_family.target_file_size_base, 64u << 20);
  EXPECT_FALSE(settings.column_family.level_compaction_dynamic_level_bytes);
  EXPECT_EQ(settings.table.block_size, 4096u);
  EXPECT_EQ(settings.table.block_cache->GetCapacity(), 8u << 20);
  EXPECT_EQ(settings.table.filter_policy, nullptr);
  EXPECT_EQ(settings.db.max_background_jobs, 2);
  EXPECT_EQ(settings.db.max_open_files, -1);
  EXPECT_EQ(settings.db.max_log_file_size, 25u << 20);
  EXPECT_EQ(settings.db.keep_log_file_num, 4u);
}

TEST(RocksDbOptionsTest, TakesAnyOptionOfTheDatabaseTheColumnFamiliesAndTheTables) {
  ASSERT_OK_AND_ASSIGN(const EngineSettings settings, ParseOptions({{"max_subcompactions", "3"},
                                                                    {"level0_file_num_compaction_trigger", "7"},
                                                                    {"compression_per_level", "kNoCompression:kZSTD"},
                                                                    {"block_restart_interval", "8"},
                                                                    {"write_buffer_size", "1M"},
                                                                    {"bloom_bits", "10"}}));
  EXPECT_EQ(settings.db.max_subcompactions, 3u);
  EXPECT_EQ(settings.column_family.level0_file_num_compaction_trigger, 7);
  EXPECT_EQ(settings.column_family.compression_per_level.size(), 2u);
  EXPECT_EQ(settings.column_family.write_buffer_size, 1u << 20);
  EXPECT_EQ(settings.table.block_restart_interval, 8);
  EXPECT_NE(settings.table.filter_policy, nullptr);
}

TEST(RocksDbOptionsTest, AnUnknownNameListsThoseThereAre) {
  const auto unknown = ParseOptions({{"no_such_option", "1"}});
  EXPECT_CODE(unknown, kInvalidArgument);
  for (const char* name : {"no_such_option", "profile", "max_subcompactions", "write_buffer_size", "block_size"}) {
    EXPECT_MENTIONS(unknown, name);
  }
}

TEST(RocksDbOptionsTest, AWrongValueIsAnInvalidArgument) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"write_buffer_size", "many"},
                                                                      {"max_subcompactions", "x"},
                                                                      {"block_size", "-"},
                                                                      {"profile", "FAST"},
                                                                      {"bloom_bits", "-1"},
                                                                      {"write_buffer_ratio", "2"},
                                                                      {"block_cache_size", ""}}) {
    const auto parsed = ParseOptions({{name, value}});
    EXPECT_CODE(parsed, kInvalidArgument) << name;
    EXPECT_MENTIONS(parsed, name);
  }
}

TEST(RocksDbOptionsTest, RefusesWhatWouldMoveFilesOrChangeTheOrder) {
  for (const char* name : {"comparator", "merge_operator", "wal_dir", "db_log_dir", "db_paths"}) {
    EXPECT_CODE(ParseOptions({{name, "x"}}), kInvalidArgument) << name;
  }
}

TEST(RocksDbOptionsTest, OptionsGivenWinOverTheProfile) {
  ASSERT_OK_AND_ASSIGN(const EngineSettings settings,
                       ParseOptions({{"profile", "SPINNING_DISK_OPTIMIZED_HIGH_MEM"}, {"block_size", "8192"}}));
  EXPECT_EQ(settings.table.block_size, 8192u);
  EXPECT_EQ(settings.table.block_cache->GetCapacity(), 256u << 20);
  EXPECT_EQ(settings.column_family.max_write_buffer_number, 4);
  EXPECT_TRUE(settings.column_family.level_compaction_dynamic_level_bytes);
}

TEST(RocksDbOptionsTest, ManagedMemoryIsSharedOutByFlinksFormula) {
  ASSERT_OK_AND_ASSIGN(const EngineSettings settings, ParseOptions({{"managed_memory_bytes", "6000000"}}));
  EXPECT_EQ(settings.table.block_cache->GetCapacity(), 5000000u);
  EXPECT_EQ(settings.db.write_buffer_manager->buffer_size(), 2000000u);
  EXPECT_TRUE(settings.table.cache_index_and_filter_blocks);
  EXPECT_TRUE(settings.table.pin_l0_filter_and_index_blocks_in_cache);
  EXPECT_CODE(ParseOptions({{"managed_memory_bytes", "6000000"}, {"block_cache_size", "1"}}), kInvalidArgument);
}

TEST(RocksDbOptionsTest, DocumentedOptionsAreSortedAndTheirDefaultsParse) {
  const std::vector<EngineOption> options = DocumentedOptions();
  EXPECT_TRUE(std::is_sorted(options.begin(), options.end(),
                             [](const EngineOption& a, const EngineOption& b) { return a.name < b.name; }));
  for (const EngineOption& option : options) {
    EXPECT_OK(ParseOptions({{option.name, option.default_value}})) << option.name;
    EXPECT_FALSE(option.description.empty()) << option.name;
  }
}

}  // namespace
}  // namespace kvstate::backends::rocksdb

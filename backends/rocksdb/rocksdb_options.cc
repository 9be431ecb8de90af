#include "backends/rocksdb/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_map>

namespace kvstate::backends::rocksdb {

namespace {

using Values = std::map<std::string, std::string>;

struct Documented {
  const char* name;
  const char* default_value;
  const char* description;
};

// Sorted by name. The defaults are read by the same parser as values given.
constexpr std::array kDocumented{
    Documented{"block_cache_size", "8388608", "cache of uncompressed blocks, shared by all states, bytes"},
    Documented{"block_size", "4096", "uncompressed size of a data block, bytes"},
    Documented{"bloom_bits", "0", "bits a key of each table file's Bloom filter; 0: no filter, 10: 1% false positives"},
    Documented{"compaction_style", "kCompactionStyleLevel",
               "kCompactionStyleLevel, kCompactionStyleUniversal, kCompactionStyleFIFO or kCompactionStyleNone"},
    Documented{"compression", "kSnappyCompression",
               "of blocks: kNoCompression, kSnappyCompression, kLZ4Compression, kZSTD, …"},
    Documented{"info_log_level", "INFO_LEVEL", "what RocksDB writes to its LOG: DEBUG_LEVEL … HEADER_LEVEL"},
    Documented{"keep_log_file_num", "4", "LOG files kept"},
    Documented{"level_compaction_dynamic_level_bytes", "false", "size levels from the last level upward"},
    Documented{"managed_memory_bytes", "0",
               "when not 0, one budget for blocks, indexes, filters and write buffers of all states, bytes"},
    Documented{"max_background_jobs", "2", "threads that flush and compact"},
    Documented{"max_bytes_for_level_base", "268435456", "size of level 1, bytes"},
    Documented{"max_log_file_size", "26214400", "size of a LOG file, bytes"},
    Documented{"max_open_files", "-1", "table files kept open; -1: all"},
    Documented{"max_write_buffer_number", "2", "write buffers a state, the one being filled included"},
    Documented{"min_write_buffer_number_to_merge", "1", "full write buffers that are flushed together"},
    Documented{"profile", "DEFAULT",
               "a set of defaults: DEFAULT, FLASH_SSD_OPTIMIZED, SPINNING_DISK_OPTIMIZED or "
               "SPINNING_DISK_OPTIMIZED_HIGH_MEM; options given beside it win"},
    Documented{"target_file_size_base", "67108864", "size of a table file of level 1, bytes"},
    Documented{"write_buffer_ratio", "0.5", "share of managed_memory_bytes for write buffers, 0 to 1"},
    Documented{"write_buffer_size", "67108864", "memory a state fills before it is flushed to a table file, bytes"},
};

// Options of this backend itself, that RocksDB's parser never sees.
constexpr std::array<std::string_view, 5> kOwn = {"block_cache_size", "bloom_bits", "managed_memory_bytes", "profile",
                                                  "write_buffer_ratio"};

// What the backend sets itself: these would put files elsewhere, or change what entries mean.
constexpr std::array<std::string_view, 10> kReserved = {
    "cf_paths",          "comparator", "compaction_filter", "compaction_filter_factory",
    "create_if_missing", "db_log_dir", "db_paths",          "error_if_exists",
    "merge_operator",    "wal_dir"};

constexpr size_t kMostManifestBytes = size_t{1} << 20;

bool Contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

::rocksdb::ConfigOptions Strict() {
  ::rocksdb::ConfigOptions config;
  config.ignore_unknown_options = false;
  config.invoke_prepare_options = false;
  return config;
}

Result<Values> ProfileValues(const std::string& profile) {
  if (profile == "DEFAULT") return Values{};
  if (profile == "FLASH_SSD_OPTIMIZED") return Values{{"max_background_jobs", "4"}};
  Values spinning = {{"level_compaction_dynamic_level_bytes", "true"}, {"max_background_jobs", "4"}};
  if (profile == "SPINNING_DISK_OPTIMIZED") return spinning;
  if (profile != "SPINNING_DISK_OPTIMIZED_HIGH_MEM") {
    return InvalidArgumentError("rocksdb option profile='" + profile +
                                "': there are DEFAULT, FLASH_SSD_OPTIMIZED, SPINNING_DISK_OPTIMIZED and "
                                "SPINNING_DISK_OPTIMIZED_HIGH_MEM");
  }
  spinning.insert({{"block_cache_size", "268435456"},
                   {"block_size", "131072"},
                   {"bloom_bits", "10"},
                   {"max_bytes_for_level_base", "1073741824"},
                   {"max_write_buffer_number", "4"},
                   {"min_write_buffer_number_to_merge", "3"},
                   {"target_file_size_base", "268435456"}});
  return spinning;
}

template <class Number>
Result<Number> ParseNumber(const Values& values, const char* name, Number least, Number most) {
  const std::string& text = values.at(name);
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && number >= least && number <= most) return number;
  return InvalidArgumentError("rocksdb option " + std::string(name) + "='" + text + "': must be a number from " +
                              std::to_string(least) + " to " + std::to_string(most));
}

/// The names in `text`, which is "name=value;…" with values that may nest in braces.
void AddNames(const std::string& text, std::set<std::string>* names) {
  std::unordered_map<std::string, std::string> parsed;
  if (!::rocksdb::StringToMap(text, &parsed).ok()) return;
  for (const auto& [name, value] : parsed) {
    if (!Contains(kReserved, name)) names->insert(name);
  }
}

std::string KnownNames(const EngineSettings& settings) {
  std::set<std::string> names;
  for (const Documented& option : kDocumented) names.insert(option.name);
  std::string text;
  if (::rocksdb::GetStringFromDBOptions(Strict(), settings.db, &text).ok()) AddNames(text, &names);
  if (::rocksdb::GetStringFromColumnFamilyOptions(Strict(), settings.column_family, &text).ok()) {
    AddNames(text, &names);
  }
  const std::unique_ptr<::rocksdb::TableFactory> factory(::rocksdb::NewBlockBasedTableFactory(settings.table));
  if (factory->GetOptionString(Strict(), &text).ok()) AddNames(text, &names);
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

/// Hands one option to RocksDB's parsers, of which only one knows its name.
Status Apply(const std::string& name, const std::string& value, EngineSettings* settings) {
  const std::unordered_map<std::string, std::string> one = {{name, value}};
  const auto unknown = [](const ::rocksdb::Status& status) {
    return status.ToString().find("Could not find option") != std::string::npos;
  };
  const EngineSettings base = *settings;
  ::rocksdb::Status status = ::rocksdb::GetDBOptionsFromMap(Strict(), base.db, one, &settings->db);
  if (unknown(status)) {
    status = ::rocksdb::GetColumnFamilyOptionsFromMap(Strict(), base.column_family, one, &settings->column_family);
  }
  if (unknown(status)) {
    status = ::rocksdb::GetBlockBasedTableOptionsFromMap(Strict(), base.table, one, &settings->table);
  }
  if (status.ok()) return Status();
  if (unknown(status)) {
    return InvalidArgumentError("rocksdb has no option '" + name + "'; there are: " + KnownNames(base));
  }
  return InvalidArgumentError("rocksdb option " + name + "='" + value + "': " + status.ToString());
}

Status ApplyOwn(const Values& values, const Values& given, EngineSettings* settings) {
  KVSTATE_ASSIGN_OR_RETURN(const size_t cache_size, ParseNumber<size_t>(values, "block_cache_size", 0, SIZE_MAX / 2));
  KVSTATE_ASSIGN_OR_RETURN(const double bloom_bits, ParseNumber<double>(values, "bloom_bits", 0, 100));
  KVSTATE_ASSIGN_OR_RETURN(const size_t managed, ParseNumber<size_t>(values, "managed_memory_bytes", 0, SIZE_MAX / 2));
  KVSTATE_ASSIGN_OR_RETURN(const double ratio, ParseNumber<double>(values, "write_buffer_ratio", 0, 1));
  if (bloom_bits > 0) settings->table.filter_policy.reset(::rocksdb::NewBloomFilterPolicy(bloom_bits));
  if (managed == 0) {
    if (given.count("block_cache") == 0) settings->table.block_cache = ::rocksdb::NewLRUCache(cache_size);
    return Status();
  }
  if (given.count("block_cache_size") != 0 || given.count("block_cache") != 0) {
    return InvalidArgumentError("rocksdb options managed_memory_bytes and block_cache_size: set one of them");
  }
  const auto budget = static_cast<double>(managed);
  ::rocksdb::LRUCacheOptions cache;
  cache.capacity = static_cast<size_t>((3 - ratio) * budget / 3);
  cache.high_pri_pool_ratio = 0.1;
  settings->table.block_cache = ::rocksdb::NewLRUCache(cache);
  settings->table.cache_index_and_filter_blocks = true;
  settings->table.cache_index_and_filter_blocks_with_high_priority = true;
  settings->table.pin_l0_filter_and_index_blocks_in_cache = true;
  settings->db.write_buffer_manager = std::make_shared<::rocksdb::WriteBufferManager>(
      static_cast<size_t>(2 * ratio * budget / 3), settings->table.block_cache);
  return Status();
}

}  // namespace

std::vector<EngineOption> DocumentedOptions() {
  std::vector<EngineOption> options;
  options.reserve(kDocumented.size());
  for (const Documented& option : kDocumented) {
    options.push_back({option.name, option.default_value, option.description});
  }
  return options;
}

Result<EngineSettings> ParseOptions(const std::map<std::string, std::string>& given) {
  for (const auto& [name, value] : given) {
    if (Contains(kReserved, name)) {
      return InvalidArgumentError("rocksdb option '" + name + "' is kvstate's own to set; leave it out");
    }
  }
  const auto profile = given.find("profile");
  KVSTATE_ASSIGN_OR_RETURN(Values values, ProfileValues(profile == given.end() ? "DEFAULT" : profile->second));
  for (const Documented& option : kDocumented) values.insert({option.name, option.default_value});
  for (const auto& [name, value] : given) values[name] = value;

  EngineSettings settings;
  // Its periodic statistics wake up threads and write to the LOG what nobody reads.
  settings.db.stats_dump_period_sec = 0;
  settings.db.stats_persist_period_sec = 0;
  // Else table files, and so checkpoints, carry the machine's name.
  settings.db.db_host_id.clear();
  // The files go when the backend does: what is in memory then need not be written first.
  settings.db.avoid_flush_during_shutdown = true;
  // Each checkpoint has all of it.
  settings.db.max_manifest_file_size = kMostManifestBytes;
  for (const auto& [name, value] : values) {
    if (!Contains(kOwn, name)) KVSTATE_RETURN_IF_ERROR(Apply(name, value, &settings));
  }
  KVSTATE_RETURN_IF_ERROR(ApplyOwn(values, given, &settings));
  settings.db.create_if_missing = true;
  settings.db.error_if_exists = true;
  return settings;
}

}  // namespace kvstate::backends::rocksdb

#include "backends/leveldb/leveldb_options.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace kvstate::backends::leveldb {

namespace {

struct Number {
  const char* name;
  uint64_t default_value;
  uint64_t least;
  uint64_t most;
  const char* description;
  void (*set)(EngineSettings& settings, uint64_t value);
};

void SetBlockCache(EngineSettings& settings, uint64_t bytes) {
  settings.cache.reset(::leveldb::NewLRUCache(bytes));
  settings.options.block_cache = settings.cache.get();
}

void SetBloomBits(EngineSettings& settings, uint64_t bits) {
  if (bits == 0) return;
  settings.filter.reset(::leveldb::NewBloomFilterPolicy(static_cast<int>(bits)));
  settings.options.filter_policy = settings.filter.get();
}

// Sorted by name. The ranges of files and buffers are those to which LevelDB itself clips silently.
constexpr std::array kNumbers{
    Number{"block_cache_bytes", 8 << 20, 0, uint64_t{1} << 40, "cache of uncompressed blocks, bytes", &SetBlockCache},
    Number{"block_size", 4 << 10, 1 << 10, 4 << 20, "uncompressed size of a data block, bytes",
           [](EngineSettings& settings, uint64_t value) { settings.options.block_size = value; }},
    Number{"bloom_bits", 10, 0, 100,
           "bits a key of each table file's Bloom filter; 0: no filter, 10: 1% false positives", &SetBloomBits},
    Number{"max_file_size", 8 << 20, 1 << 20, 1 << 30, "size of a table file, bytes",
           [](EngineSettings& settings, uint64_t value) { settings.options.max_file_size = value; }},
    Number{"max_open_files", 1000, 74, 50000, "files kept open",
           [](EngineSettings& settings, uint64_t value) { settings.options.max_open_files = static_cast<int>(value); }},
    Number{"write_buffer_size", 64 << 20, 64 << 10, 1 << 30,
           "memory filled before it is flushed to a table file, for all states together, bytes",
           [](EngineSettings& settings, uint64_t value) { settings.options.write_buffer_size = value; }},
};

constexpr const char* kCompression = "compression";
constexpr const char* kCompressionDescription = "of blocks: snappy or none";

Status SetNumber(const Number& number, const std::string& text, EngineSettings& settings) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < number.least || value > number.most) {
    return InvalidArgumentError("leveldb option " + std::string(number.name) + "='" + text +
                                "': must be an integer from " + std::to_string(number.least) + " to " +
                                std::to_string(number.most));
  }
  number.set(settings, value);
  return Status();
}

Status SetCompression(const std::string& text, EngineSettings& settings) {
  if (text != "snappy" && text != "none") {
    return InvalidArgumentError("leveldb option compression='" + text + "': there are snappy and none");
  }
  settings.options.compression = text == "snappy" ? ::leveldb::kSnappyCompression : ::leveldb::kNoCompression;
  return Status();
}

}  // namespace

std::vector<EngineOption> DocumentedOptions() {
  std::map<std::string, EngineOption> sorted;
  for (const Number& number : kNumbers) {
    sorted[number.name] = {number.name, std::to_string(number.default_value), number.description};
  }
  sorted[kCompression] = {kCompression, "snappy", kCompressionDescription};
  std::vector<EngineOption> options;
  options.reserve(sorted.size());
  for (auto& [name, option] : sorted) options.push_back(std::move(option));
  return options;
}

Result<EngineSettings> ParseOptions(const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> values;
  std::string names;
  for (const EngineOption& option : DocumentedOptions()) {
    values[option.name] = option.default_value;
    names.append(names.empty() ? "" : ", ").append(option.name);
  }
  for (const auto& [name, value] : given) {
    const auto known = values.find(name);
    if (known == values.end()) {
      std::string message = "leveldb has no option '";
      message.append(name).append("'; there are: ").append(names);
      return InvalidArgumentError(std::move(message));
    }
    known->second = value;
  }
  EngineSettings settings;
  for (const Number& number : kNumbers) KVSTATE_RETURN_IF_ERROR(SetNumber(number, values.at(number.name), settings));
  KVSTATE_RETURN_IF_ERROR(SetCompression(values.at(kCompression), settings));
  settings.options.create_if_missing = true;
  settings.options.error_if_exists = true;
  return settings;
}

}  // namespace kvstate::backends::leveldb

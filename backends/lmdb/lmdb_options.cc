#include "backends/lmdb/lmdb_options.h"

#include <array>
#include <charconv>
#include <string_view>

namespace kvstate::backends::lmdb {

namespace {

struct OptionField {
  std::string_view name;
  uint64_t LmdbOptions::*field;
  uint64_t least;
  uint64_t most;
  std::string_view description;
};

// LMDB's dirty list holds 131,071 entries; the gap to 100,000 is what one grant and one large value may add.
constexpr std::array<OptionField, 5> kFields = {{
    {"commit_dirty_pages", &LmdbOptions::commit_dirty_pages, 64, 100000,
     "Commit (without sync) once the transaction may have dirtied so many pages; 64 to 100000"},
    {"map_bytes", &LmdbOptions::map_bytes, uint64_t{1} << 20, uint64_t{1} << 46,
     "Size of the memory map at first, bytes; the file is as long, but sparse; 1 MiB to 64 TiB"},
    {"map_growth_percent", &LmdbOptions::map_growth_percent, 1, 10000,
     "How much larger each growth makes the memory map, percent; 1 to 10000"},
    {"max_states", &LmdbOptions::max_states, 1, 16384, "The most states that may exist at a time; 1 to 16384"},
    {"reserve_bytes", &LmdbOptions::reserve_bytes, uint64_t{1} << 16, uint64_t{1} << 40,
     "The most disk space reserved at a time ahead of use, bytes; 64 KiB to 1 TiB"},
}};

Status UnknownOption(std::string_view name) {
  std::string message = "lmdb: unknown engine option '" + std::string(name) + "'; there are ";
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (i > 0) message.append(i + 1 == kFields.size() ? " and " : ", ");
    message.append(kFields[i].name);
  }
  return InvalidArgumentError(std::move(message));
}

}  // namespace

std::vector<EngineOption> DescribeLmdbOptions() {
  const LmdbOptions defaults;
  std::vector<EngineOption> options;
  options.reserve(kFields.size());
  for (const OptionField& field : kFields) {
    options.push_back({std::string(field.name), std::to_string(defaults.*field.field), std::string(field.description)});
  }
  return options;
}

Result<LmdbOptions> ParseLmdbOptions(const std::map<std::string, std::string>& engine) {
  LmdbOptions options;
  for (const auto& [name, text] : engine) {
    const OptionField* found = nullptr;
    for (const OptionField& field : kFields) {
      if (field.name == name) found = &field;
    }
    if (found == nullptr) return UnknownOption(name);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < found->least || value > found->most) {
      std::string message = "lmdb: engine option '";
      message.append(name).append("' is '").append(text).append("'; it must be a whole number from ");
      message.append(std::to_string(found->least)).append(" to ").append(std::to_string(found->most));
      return InvalidArgumentError(std::move(message));
    }
    options.*found->field = value;
  }
  return options;
}

}  // namespace kvstate::backends::lmdb

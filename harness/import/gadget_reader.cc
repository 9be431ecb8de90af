#include "harness/import/gadget_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kvstate::harness {

namespace {

using Kind = StoreAccess::Kind;

constexpr std::pair<std::string_view, Kind> kKinds[] = {
    {"get", Kind::kGet},   {"put", Kind::kPut},   {"merge", Kind::kMerge}, {"delete", Kind::kDelete},
    {"seek", Kind::kSeek}, {"scan", Kind::kSeek}, {"next", Kind::kNext},
};

/// The text before the next space, which is taken too.
std::string_view TakeWord(std::string_view* line) {
  const size_t end = std::min(line->find(' '), line->size());
  const std::string_view word = line->substr(0, end);
  line->remove_prefix(std::min(end + 1, line->size()));
  return word;
}

}  // namespace

std::string GadgetReader::ParseLine(std::string_view line, std::vector<StoreAccess>* accesses) {
  const std::string_view time = TakeWord(&line);
  const auto time_ms = ParseTimeMillis(time, time_unit_);
  if (!time_ms.has_value()) return "'" + std::string(time.substr(0, 40)) + "', with which the line begins, is no time";
  const std::string_view word = TakeWord(&line);
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& k) { return k.first == word; });
  if (kind == std::end(kKinds)) {
    return "'" + std::string(word.substr(0, 40)) +
           "' is no operation; there are get, put, merge, delete, seek, scan and next";
  }
  StoreAccess access;
  access.kind = kind->second;
  access.store = "gadget";
  access.key = TakeWord(&line);
  if (access.key.empty()) return "there is no key";
  access.value = TakeWord(&line);
  access.time_ms = *time_ms;
  access.steps = 1;
  accesses->push_back(access);
  return {};
}

}  // namespace kvstate::harness

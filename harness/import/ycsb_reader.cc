#include "harness/import/ycsb_reader.h"

#include <algorithm>

namespace kvstate::harness {

namespace {

using Kind = StoreAccess::Kind;

constexpr std::string_view kAllFields = " [ <all fields>]";
constexpr size_t kMaxTables = 1000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The text before the next space, which stays.
std::string_view TakeWord(std::string_view* line) {
  if (line->starts_with(' ')) line->remove_prefix(1);
  const size_t end = std::min(line->find(' '), line->size());
  const std::string_view word = line->substr(0, end);
  line->remove_prefix(end);
  return word;
}

/// Whether the line is one of those that YCSB and its launcher print besides operations.
bool IsRemark(std::string_view line) {
  constexpr std::string_view kBegins[] = {
      "*****", "[", "YCSB Client", "Command line:", "Loading workload", "Starting test", "DBWrapper:", "SLF4J:"};
  for (const std::string_view begin : kBegins) {
    if (line.starts_with(begin)) return true;
  }
  const auto has = [&](std::string_view text) { return line.find(text) != std::string_view::npos; };
  const bool property = line.starts_with('"') && line.ends_with('"') && has("\"=\"");
  const bool progress = !line.empty() && IsDigit(line[0]) && has(" sec: ") && has(" operations;");
  return property || progress || has("ycsb.Client ");
}

/// Where, in what follows a field's name, the value ends: before the next field, or at the end. `stem` is the part of
/// the name before its number.
size_t EndOfValue(std::string_view text, std::string_view stem) {
  for (size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (!rest.starts_with(stem)) continue;
    size_t digits = stem.size();
    while (digits < rest.size() && IsDigit(rest[digits])) ++digits;
    if (digits > stem.size() && digits < rest.size() && rest[digits] == '=') return at;
  }
  return text.size();
}

}  // namespace

std::string YcsbReader::ParseLine(std::string_view line, std::vector<StoreAccess>* accesses) {
  std::string_view rest = line;
  const std::string_view word = TakeWord(&rest);
  const bool is_read = word == "READ";
  const bool is_write = word == "INSERT" || word == "UPDATE";
  if (!is_read && !is_write && word != "SCAN" && word != "DELETE") {
    return IsRemark(line) ? "" : "the line is no operation, and nothing else that YCSB prints";
  }
  StoreAccess access;
  access.store = TakeWord(&rest);
  access.key = TakeWord(&rest);
  if (access.store.empty() || access.key.empty()) return "the operation has no table or no key";
  if (access.store.size() > 255) return "the table's name has more than 255 bytes";
  access.time_ms = operations_;
  std::string complaint;
  if (is_read) {
    complaint = ParseRead(access, rest, accesses);
  } else if (is_write) {
    complaint = ParseWrite(access, rest, accesses);
  } else if (word == "SCAN") {
    const std::string_view count = TakeWord(&rest);
    const bool good = !count.empty() && std::all_of(count.begin(), count.end(), IsDigit);
    if (!good || !rest.starts_with(" [ ") || !rest.ends_with(']')) return "the operation has no end";
    LeaveOut("scans over keys, which are in no order in keyed state");
  } else {
    if (!rest.empty()) return "something follows the key";
    access.kind = Kind::kDelete;
    accesses->push_back(access);
  }
  if (complaint.empty()) ++operations_;
  return complaint;
}

std::string YcsbReader::ParseRead(const StoreAccess& access, std::string_view rest,
                                  std::vector<StoreAccess>* accesses) {
  if (rest == kAllFields) {
    StoreAccess& read = accesses->emplace_back(access);
    const auto known = fields_.find(access.store);
    read.kind = Kind::kScanFields;
    read.steps = 1 + (known == fields_.end() ? 0 : known->second.size());
    return {};
  }
  if (!rest.starts_with(" [ ") || !rest.ends_with(" ]")) return "the operation has no end";
  rest = rest.substr(2, rest.size() - 4);
  while (!rest.empty()) {
    StoreAccess& read = accesses->emplace_back(access);
    read.field = TakeWord(&rest);
    read.has_field = true;
  }
  return {};
}

std::string YcsbReader::ParseWrite(const StoreAccess& access, std::string_view rest,
                                   std::vector<StoreAccess>* accesses) {
  if (!rest.starts_with(" [ ") || !rest.ends_with(" ]")) return "the operation has no end";
  if (rest.size() < 5) return {};
  rest = rest.substr(3, rest.size() - 5);
  std::string_view stem = rest.substr(0, rest.find('='));
  while (!stem.empty() && IsDigit(stem.back())) stem.remove_suffix(1);
  while (!rest.empty()) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos || equals == 0) return "there is a field without a name";
    const std::string_view field = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    const size_t end = EndOfValue(rest, stem);
    std::string complaint = AddField(access, field, rest.substr(0, end), accesses);
    if (!complaint.empty()) return complaint;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::string YcsbReader::AddField(const StoreAccess& access, std::string_view field, std::string_view value,
                                 std::vector<StoreAccess>* accesses) {
  auto table = fields_.find(access.store);
  if (table == fields_.end()) {
    if (fields_.size() == kMaxTables) return "there are more than " + std::to_string(kMaxTables) + " tables";
    table = fields_.emplace(access.store, std::set<std::string, std::less<>>()).first;
  }
  std::set<std::string, std::less<>>& names = table->second;
  if (!names.contains(field)) {
    if (names.size() == kMaxFields) return "the table has more than " + std::to_string(kMaxFields) + " fields";
    names.emplace(field);
  }
  StoreAccess& put = accesses->emplace_back(access);
  put.kind = Kind::kPut;
  put.field = field;
  put.has_field = true;
  put.value = value;
  return {};
}

}  // namespace kvstate::harness

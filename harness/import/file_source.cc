#include "harness/import/file_source.h"

#include <algorithm>
#include <charconv>

namespace kvstate::harness {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<TimeUnit> ParseTimeUnit(std::string_view text) {
  if (text == "us") return TimeUnit::kMicroseconds;
  if (text == "ms") return TimeUnit::kMilliseconds;
  if (text == "s") return TimeUnit::kSeconds;
  return InvalidArgumentError("--time_unit: '" + std::string(text) + "' is no unit; there are us, ms and s");
}

std::optional<int64_t> ParseTimeMillis(std::string_view text, TimeUnit unit) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  if (whole.empty() || (point < text.size() && fraction.empty())) return std::nullopt;
  if (!std::all_of(whole.begin(), whole.end(), IsDigit) || !std::all_of(fraction.begin(), fraction.end(), IsDigit)) {
    return std::nullopt;
  }
  int64_t units = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), units).ec != std::errc()) return std::nullopt;

  int64_t millis = units;
  bool remainder = std::any_of(fraction.begin(), fraction.end(), [](char c) { return c != '0'; });
  if (unit == TimeUnit::kMicroseconds) {
    remainder = remainder || units % 1000 != 0;
    millis = units / 1000;
  } else if (unit == TimeUnit::kSeconds) {
    int64_t thousandths = 0;
    for (size_t i = 0; i < 3; ++i) thousandths = thousandths * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    if (__builtin_mul_overflow(units, int64_t{1000}, &millis) || __builtin_add_overflow(millis, thousandths, &millis)) {
      return std::nullopt;
    }
    remainder =
        fraction.size() > 3 && std::any_of(fraction.begin() + 3, fraction.end(), [](char c) { return c != '0'; });
  }
  if (!negative) return millis;
  return -millis - (remainder ? 1 : 0);
}

std::string FileSource::MakeEvent(const Row& row, workloads::Event* event) const {
  const auto time_ms = ParseTimeMillis(row.time, options_.time_unit);
  if (!time_ms.has_value()) {
    return row.name(options_.time_column) + " is '" + std::string(row.time.substr(0, 40)) + "', which is no time";
  }
  if (row.key.size() > kMaxKeyBytes) {
    return "the key has " + std::to_string(row.key.size()) + " bytes; the limit is " + std::to_string(kMaxKeyBytes);
  }
  event->stream = 0;
  if (!options_.stream_column.empty()) {
    const char* end = row.stream.data() + row.stream.size();
    const auto parsed = std::from_chars(row.stream.data(), end, event->stream);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      return row.name(options_.stream_column) + " is '" + std::string(row.stream.substr(0, 40)) +
             "', which is no number of a stream, such as 0 or 1";
    }
  }
  event->time_ms = *time_ms;
  event->key = row.key;
  event->value = row.value;
  return {};
}

Result<bool> FileSource::Next(workloads::Event* event) {
  std::string complaint;
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const Outcome outcome, NextRow(event, &complaint));
    if (outcome != Outcome::kBadRow) return outcome == Outcome::kEvent;
    const std::string where = options_.path + ":" + std::to_string(line()) + ": " + complaint;
    if (!options_.skip_bad_rows) return DataLossError(where + "; --skip_bad_rows counts such rows and goes on");
    if (bad_rows_++ == 0) first_bad_row_ = where;
  }
}

}  // namespace kvstate::harness

#include "harness/import/csv_source.h"

#include <algorithm>
#include <charconv>

#include "kvstate/bytes.h"

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

Result<std::unique_ptr<CsvSource>> CsvSource::Open(const CsvOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(options.path));
  std::unique_ptr<CsvSource> source(new CsvSource(options, std::move(file)));
  KVSTATE_RETURN_IF_ERROR(source->FindColumns());
  return source;
}

Status CsvSource::FindColumns() {
  std::vector<std::string> names;
  if (options_.header) {
    KVSTATE_ASSIGN_OR_RETURN(const CsvReader::Outcome outcome, reader_.Next());
    if (outcome != CsvReader::Outcome::kRow) {
      return DataLossError(options_.path + ": no header row" +
                           (outcome == CsvReader::Outcome::kBadRow ? ": " + reader_.bad_reason() : ""));
    }
    names = reader_.fields();
  }
  KVSTATE_ASSIGN_OR_RETURN(key_column_, FindColumn("key_column", options_.key_column, names));
  KVSTATE_ASSIGN_OR_RETURN(time_column_, FindColumn("time_column", options_.time_column, names));
  if (!options_.value_column.empty()) {
    KVSTATE_ASSIGN_OR_RETURN(value_column_, FindColumn("value_column", options_.value_column, names));
  }
  return Status();
}

Result<size_t> CsvSource::FindColumn(const std::string& flag, const std::string& column,
                                     const std::vector<std::string>& names) const {
  const auto named = std::find(names.begin(), names.end(), column);
  if (named != names.end()) return static_cast<size_t>(named - names.begin());
  size_t number = 0;
  const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
  const bool is_number = error == std::errc() && end == column.data() + column.size() && !column.empty();
  if (is_number && (!options_.header || number < names.size())) return number;
  std::string exists = "columns are numbered from 0; with --header they have names";
  if (options_.header) {
    exists = "the header of " + options_.path + " has";
    for (const std::string& name : names) exists += " '" + name + "'";
  }
  return InvalidArgumentError("--" + flag + ": there is no column '" + column + "': " + exists);
}

std::string CsvSource::TakeRow(workloads::Event* event) const {
  const std::vector<std::string>& fields = reader_.fields();
  const size_t needed = std::max({key_column_, time_column_, value_column_.value_or(0)}) + 1;
  if (fields.size() < needed) {
    return "the row has " + std::to_string(fields.size()) + " columns; the flags name column " +
           std::to_string(needed - 1) + ", counted from 0";
  }
  const auto time_ms = ParseTimeMillis(fields[time_column_], options_.time_unit);
  if (!time_ms.has_value()) {
    return "column " + std::to_string(time_column_) + " is '" + fields[time_column_].substr(0, 40) +
           "', which is no time";
  }
  if (fields[key_column_].size() > kMaxKeyBytes) {
    return "the key has " + std::to_string(fields[key_column_].size()) + " bytes; the limit is " +
           std::to_string(kMaxKeyBytes);
  }
  event->time_ms = *time_ms;
  event->key = fields[key_column_];
  event->value = value_column_.has_value() ? ByteView(fields[*value_column_]) : ByteView();
  return {};
}

Result<bool> CsvSource::Next(workloads::Event* event) {
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const CsvReader::Outcome outcome, reader_.Next());
    if (outcome == CsvReader::Outcome::kEnd) return false;
    const std::string complaint = outcome == CsvReader::Outcome::kRow ? TakeRow(event) : reader_.bad_reason();
    if (complaint.empty()) return true;
    const std::string where = options_.path + ":" + std::to_string(reader_.line()) + ": " + complaint;
    if (!options_.skip_bad_rows) return DataLossError(where + "; --skip_bad_rows counts such rows and goes on");
    if (bad_rows_++ == 0) first_bad_row_ = where;
  }
}

}  // namespace kvstate::harness

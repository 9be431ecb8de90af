#include "harness/import/csv_source.h"

#include <algorithm>
#include <charconv>

#include "kvstate/bytes.h"

namespace kvstate::harness {

Result<std::unique_ptr<FileSource>> CsvSource::Open(const FileSourceOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(options.path));
  KVSTATE_RETURN_IF_ERROR(file->SkipByteOrderMark());
  std::unique_ptr<CsvSource> source(new CsvSource(options, std::move(file)));
  KVSTATE_RETURN_IF_ERROR(source->FindColumns());
  return std::unique_ptr<FileSource>(std::move(source));
}

Status CsvSource::FindColumns() {
  std::vector<std::string> names;
  if (options().header) {
    KVSTATE_ASSIGN_OR_RETURN(const CsvReader::Outcome outcome, reader_.Next());
    if (outcome != CsvReader::Outcome::kRow) {
      return DataLossError(options().path + ": no header row" +
                           (outcome == CsvReader::Outcome::kBadRow ? ": " + reader_.bad_reason() : ""));
    }
    names = reader_.fields();
  }
  KVSTATE_ASSIGN_OR_RETURN(key_column_, FindColumn("key_column", options().key_column, names));
  KVSTATE_ASSIGN_OR_RETURN(time_column_, FindColumn("time_column", options().time_column, names));
  if (!options().value_column.empty()) {
    KVSTATE_ASSIGN_OR_RETURN(value_column_, FindColumn("value_column", options().value_column, names));
  }
  if (!options().stream_column.empty()) {
    KVSTATE_ASSIGN_OR_RETURN(stream_column_, FindColumn("stream_column", options().stream_column, names));
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
  if (is_number && (!options().header || number < names.size())) return number;
  std::string exists = "columns are numbered from 0; with --header they have names";
  if (options().header) {
    exists = "the header of " + options().path + " has";
    for (const std::string& name : names) exists += " '" + name + "'";
  }
  return InvalidArgumentError("--" + flag + ": there is no column '" + column + "': " + exists);
}

std::string CsvSource::TakeRow(workloads::Event* event) const {
  const std::vector<std::string>& fields = reader_.fields();
  const size_t needed =
      std::max({key_column_, time_column_, value_column_.value_or(0), stream_column_.value_or(0)}) + 1;
  if (fields.size() < needed) {
    return "the row has " + std::to_string(fields.size()) + " columns; the flags name column " +
           std::to_string(needed - 1) + ", counted from 0";
  }
  const auto field = [&](const std::optional<size_t>& column) {
    return column.has_value() ? ByteView(fields[*column]) : ByteView();
  };
  const auto name = [&](const std::string& column) {
    return "column " + std::to_string(column == options().time_column ? time_column_ : stream_column_.value_or(0));
  };
  return MakeEvent({fields[key_column_], fields[time_column_], field(value_column_), field(stream_column_), name},
                   event);
}

Result<FileSource::Outcome> CsvSource::NextRow(workloads::Event* event, std::string* complaint) {
  KVSTATE_ASSIGN_OR_RETURN(const CsvReader::Outcome outcome, reader_.Next());
  if (outcome == CsvReader::Outcome::kEnd) return Outcome::kEnd;
  *complaint = outcome == CsvReader::Outcome::kRow ? TakeRow(event) : reader_.bad_reason();
  return complaint->empty() ? Outcome::kEvent : Outcome::kBadRow;
}

}  // namespace kvstate::harness

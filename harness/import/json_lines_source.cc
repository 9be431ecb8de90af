#include "harness/import/json_lines_source.h"

#include <utility>

namespace kvstate::harness {

JsonLinesSource::JsonLinesSource(const FileSourceOptions& options, std::unique_ptr<InputFile> file)
    : FileSource(options), file_(std::move(file)) {
  row_.AddColumn(options.key_column, JsonRow::Null::kRefused);
  row_.AddColumn(options.time_column, JsonRow::Null::kRefused);
  if (!options.value_column.empty()) value_ = row_.AddColumn(options.value_column, JsonRow::Null::kEmpty);
  if (!options.stream_column.empty()) stream_ = row_.AddColumn(options.stream_column, JsonRow::Null::kRefused);
}

Result<std::unique_ptr<FileSource>> JsonLinesSource::Open(const FileSourceOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(options.path));
  return std::unique_ptr<FileSource>(new JsonLinesSource(options, std::move(file)));
}

Result<FileSource::Outcome> JsonLinesSource::NextRow(workloads::Event* event, std::string* complaint) {
  do {
    line_.clear();
    ++line_number_;
    const auto more = file_->NextLine(kMaxLineBytes, &line_);
    if (!more.ok()) return more.status().WithContext(options().path + ":" + std::to_string(line_number_));
    if (!*more) return Outcome::kEnd;
  } while (line_.empty());
  *complaint = row_.Parse(line_);
  if (!complaint->empty()) return Outcome::kBadRow;
  const auto column = [&](const std::optional<size_t>& index) {
    return index.has_value() ? row_.column(*index) : ByteView();
  };
  const auto name = [](const std::string& member) { return "'" + member + "'"; };
  *complaint = MakeEvent({row_.column(0), row_.column(1), column(value_), column(stream_), name}, event);
  return complaint->empty() ? Outcome::kEvent : Outcome::kBadRow;
}

}  // namespace kvstate::harness

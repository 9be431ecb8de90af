#include "harness/import/csv_reader.h"

namespace kvstate::harness {

Status CsvReader::Error(const std::string& what) const {
  return DataLossError(file_->path() + ":" + std::to_string(row_line_) + ": " + what);
}

Result<int> CsvReader::Take() {
  KVSTATE_ASSIGN_OR_RETURN(int byte, file_->NextByte());
  if (byte == '\r') {
    KVSTATE_ASSIGN_OR_RETURN(const int next, file_->PeekByte());
    if (next == '\n') {
      KVSTATE_ASSIGN_OR_RETURN(byte, file_->NextByte());
    }
  }
  if (byte == '\n') ++line_;
  if (++row_bytes_ > kMaxRowBytes) {
    return Error("a row of more than " + std::to_string(kMaxRowBytes >> 20) + " MiB; is a quote not closed?");
  }
  return byte;
}

Result<CsvReader::Outcome> CsvReader::Next() {
  while (true) {
    row_line_ = line_;
    row_bytes_ = 0;
    KVSTATE_ASSIGN_OR_RETURN(const int byte, file_->PeekByte());
    if (byte < 0) return Outcome::kEnd;
    KVSTATE_ASSIGN_OR_RETURN(const Outcome outcome, ReadRow());
    if (outcome == Outcome::kBadRow || fields_.size() > 1 || !fields_[0].empty()) return outcome;
  }
}

Result<CsvReader::Outcome> CsvReader::ReadRow() {
  fields_.clear();
  while (true) {
    std::string& field = fields_.emplace_back();
    KVSTATE_ASSIGN_OR_RETURN(int byte, Take());
    if (byte == '"') {
      KVSTATE_RETURN_IF_ERROR(ReadQuoted(&field));
      KVSTATE_ASSIGN_OR_RETURN(byte, Take());
      if (byte != ',' && byte != '\n' && byte >= 0) {
        bad_reason_ = "field " + std::to_string(fields_.size()) + ": something follows the closing quote";
        KVSTATE_RETURN_IF_ERROR(SkipLine());
        return Outcome::kBadRow;
      }
    } else {
      int end = 0;
      KVSTATE_ASSIGN_OR_RETURN(const bool good, ReadUnquoted(byte, &field, &end));
      if (!good) {
        bad_reason_ = "field " + std::to_string(fields_.size()) +
                      ": a quote in a field that is not quoted; quote the field and double the quotes in it";
        KVSTATE_RETURN_IF_ERROR(SkipLine());
        return Outcome::kBadRow;
      }
      byte = end;
    }
    if (byte != ',') return Outcome::kRow;
    if (fields_.size() == kMaxFields) {
      bad_reason_ = "there are more than " + std::to_string(kMaxFields) + " fields";
      KVSTATE_RETURN_IF_ERROR(SkipLine());
      return Outcome::kBadRow;
    }
  }
}

Status CsvReader::ReadQuoted(std::string* field) {
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const int byte, Take());
    if (byte < 0) return Error("a quote is opened in this row and never closed");
    if (byte == '"') {
      KVSTATE_ASSIGN_OR_RETURN(const int next, file_->PeekByte());
      if (next != '"') return Status();
      KVSTATE_RETURN_IF_ERROR(Take().status());
    }
    field->push_back(static_cast<char>(byte));
  }
}

Result<bool> CsvReader::ReadUnquoted(int first, std::string* field, int* end) {
  int byte = first;
  while (byte >= 0 && byte != ',' && byte != '\n') {
    if (byte == '"') return false;
    field->push_back(static_cast<char>(byte));
    KVSTATE_ASSIGN_OR_RETURN(byte, Take());
  }
  *end = byte;
  return true;
}

Status CsvReader::SkipLine() {
  int byte = 0;
  while (byte >= 0 && byte != '\n') {
    KVSTATE_ASSIGN_OR_RETURN(byte, Take());
  }
  return Status();
}

}  // namespace kvstate::harness

#include "harness/import/access_reader.h"

namespace kvstate::harness {

Result<bool> AccessReader::Next(StoreAccess* access) {
  while (given_ == accesses_.size()) {
    accesses_.clear();
    given_ = 0;
    KVSTATE_ASSIGN_OR_RETURN(const bool more, ReadOn(&accesses_));
    if (!more && accesses_.empty()) return false;
  }
  *access = accesses_[given_++];
  return true;
}

Status AccessReader::BadRow(const std::string& where, const std::string& complaint) {
  const std::string all = file_->path() + where + ": " + complaint;
  if (!skip_bad_rows_) return DataLossError(all + "; --skip_bad_rows counts what is bad and goes on");
  if (report_.bad_rows++ == 0) report_.first_bad_row = all;
  return Status();
}

Result<bool> TextAccessReader::ReadOn(std::vector<StoreAccess>* accesses) {
  line_.clear();
  const std::string where = ":" + std::to_string(++line_number_);
  const auto more = input().NextLine(kMaxLineBytes, &line_);
  if (!more.ok()) return more.status().WithContext(file().path() + where);
  if (!*more) return false;
  if (line_.empty()) return true;
  const std::string complaint = ParseLine(line_, accesses);
  if (complaint.empty()) return true;
  accesses->clear();
  KVSTATE_RETURN_IF_ERROR(BadRow(where, complaint));
  return true;
}

}  // namespace kvstate::harness

#ifndef KVSTATE_HARNESS_IMPORT_CSV_READER_H_
#define KVSTATE_HARNESS_IMPORT_CSV_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/import/input_file.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Rows of a CSV file, as RFC 4180 says: fields between commas, quoted ones with commas, line ends and doubled quotes
/// in them; lines end in LF or CRLF. Empty lines are passed over. Memory: one row, of at most kMaxRowBytes and
/// kMaxFields.
class CsvReader {
 public:
  static constexpr size_t kMaxRowBytes = size_t{64} << 20;
  /// A row with more is a bad one: an empty field takes more memory than its comma.
  static constexpr size_t kMaxFields = size_t{1} << 16;

  explicit CsvReader(std::unique_ptr<InputFile> file) : file_(std::move(file)) {}

  enum class Outcome { kRow, kBadRow, kEnd };
  /// Reads the next row into fields(). kBadRow: the row is not CSV, bad_reason() says how, and reading goes on after
  /// its line. An error ends the reading: the file fails, a quote is never closed, a row is too long.
  Result<Outcome> Next();

  const std::vector<std::string>& fields() const { return fields_; }
  /// The line, from 1, on which the row began.
  uint64_t line() const { return row_line_; }
  const std::string& bad_reason() const { return bad_reason_; }
  const InputFile& file() const { return *file_; }

 private:
  Result<Outcome> ReadRow();
  Status ReadQuoted(std::string* field);
  Result<bool> ReadUnquoted(int first, std::string* field, int* end);
  Status SkipLine();
  /// The next byte, with CRLF as one LF; counts lines and bytes.
  Result<int> Take();
  Status Error(const std::string& what) const;

  std::unique_ptr<InputFile> file_;
  std::vector<std::string> fields_;
  std::string bad_reason_;
  uint64_t line_ = 1;
  uint64_t row_line_ = 1;
  size_t row_bytes_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_CSV_READER_H_

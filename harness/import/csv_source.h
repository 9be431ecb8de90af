#ifndef KVSTATE_HARNESS_IMPORT_CSV_SOURCE_H_
#define KVSTATE_HARNESS_IMPORT_CSV_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/import/csv_reader.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::harness {

enum class TimeUnit { kMicroseconds, kMilliseconds, kSeconds };

/// "us", "ms" or "s"; INVALID_ARGUMENT for another.
Result<TimeUnit> ParseTimeUnit(std::string_view text);

/// Milliseconds, rounded down, of a decimal number of the unit, with or without a fraction; nothing when it is no such
/// number or too large.
std::optional<int64_t> ParseTimeMillis(std::string_view text, TimeUnit unit);

struct CsvOptions {
  std::string path;
  bool header = false;  ///< The first row names the columns.
  /// A column's number, from 0, or, with a header, its name.
  std::string key_column = "0";
  std::string time_column = "1";
  std::string value_column = {};  ///< Empty: events have no value.
  TimeUnit time_unit = TimeUnit::kMilliseconds;
  bool skip_bad_rows = false;
};

/// Events of a CSV file, one a row. A row that is not CSV, has too few columns, no time in its time column or a key or
/// value over the limits is DATA_LOSS with the file and the line, or counted and passed over when that is asked for.
class CsvSource final : public workloads::EventSource {
 public:
  /// Opens the file and finds the columns. INVALID_ARGUMENT, listing what exists, for a column that does not.
  static Result<std::unique_ptr<CsvSource>> Open(const CsvOptions& options);

  Result<bool> Next(workloads::Event* event) override;
  uint64_t size() const override { return 0; }

  uint64_t bad_rows() const { return bad_rows_; }
  /// The first bad row's complaint.
  const std::string& first_bad_row() const { return first_bad_row_; }
  const InputFile& file() const { return reader_.file(); }

 private:
  CsvSource(const CsvOptions& options, std::unique_ptr<InputFile> file) : options_(options), reader_(std::move(file)) {}
  Status FindColumns();
  Result<size_t> FindColumn(const std::string& flag, const std::string& column,
                            const std::vector<std::string>& names) const;
  /// Empty when the row is good.
  std::string TakeRow(workloads::Event* event) const;

  const CsvOptions options_;
  CsvReader reader_;
  size_t key_column_ = 0;
  size_t time_column_ = 0;
  std::optional<size_t> value_column_;
  uint64_t bad_rows_ = 0;
  std::string first_bad_row_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_CSV_SOURCE_H_

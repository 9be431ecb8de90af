#ifndef KVSTATE_HARNESS_IMPORT_CSV_SOURCE_H_
#define KVSTATE_HARNESS_IMPORT_CSV_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/import/csv_reader.h"
#include "harness/import/file_source.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Events of a CSV file.
class CsvSource final : public FileSource {
 public:
  /// Opens the file and finds the columns. INVALID_ARGUMENT, listing what exists, for a column that does not.
  static Result<std::unique_ptr<FileSource>> Open(const FileSourceOptions& options);

  const InputFile& file() const override { return reader_.file(); }

 private:
  CsvSource(const FileSourceOptions& options, std::unique_ptr<InputFile> file)
      : FileSource(options), reader_(std::move(file)) {}
  Result<Outcome> NextRow(workloads::Event* event, std::string* complaint) override;
  uint64_t line() const override { return reader_.line(); }
  Status FindColumns();
  Result<size_t> FindColumn(const std::string& flag, const std::string& column,
                            const std::vector<std::string>& names) const;
  /// Empty when the row is good.
  std::string TakeRow(workloads::Event* event) const;

  CsvReader reader_;
  size_t key_column_ = 0;
  size_t time_column_ = 0;
  std::optional<size_t> value_column_;
  std::optional<size_t> stream_column_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_CSV_SOURCE_H_

#ifndef KVSTATE_HARNESS_IMPORT_FILE_SOURCE_H_
#define KVSTATE_HARNESS_IMPORT_FILE_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/import/input_file.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::harness {

enum class TimeUnit { kMicroseconds, kMilliseconds, kSeconds };

/// "us", "ms" or "s"; INVALID_ARGUMENT for another.
Result<TimeUnit> ParseTimeUnit(std::string_view text);

/// Milliseconds, rounded down, of a decimal number of the unit, with or without a fraction; nothing when it is no such
/// number or too large.
std::optional<int64_t> ParseTimeMillis(std::string_view text, TimeUnit unit);

/// Which columns of a file make events.
struct FileSourceOptions {
  std::string path;
  bool header = false;  ///< Of CSV: the first row names the columns.
  /// Of CSV a column's number, from 0, or, with a header, its name. Of JSON lines a member's name; of one in an object
  /// in the object, all names on the way, with dots between them.
  std::string key_column = "0";
  std::string time_column = "1";
  std::string value_column = {};   ///< Empty: events have no value.
  std::string stream_column = {};  ///< Of the number of the stream, 0, 1, …; empty: all are of stream 0.
  TimeUnit time_unit = TimeUnit::kMilliseconds;
  bool skip_bad_rows = false;
};

/// Events of a file, one a row. A row that is not of the format, lacks a column, has no time in its time column, no
/// number in its stream column or a key over the limit is DATA_LOSS with the file and the line, or counted and passed
/// over when that is asked for.
class FileSource : public workloads::EventSource {
 public:
  Result<bool> Next(workloads::Event* event) final;
  uint64_t size() const final { return 0; }

  uint64_t bad_rows() const { return bad_rows_; }
  /// The first bad row's complaint.
  const std::string& first_bad_row() const { return first_bad_row_; }
  virtual const InputFile& file() const = 0;

 protected:
  explicit FileSource(const FileSourceOptions& options) : options_(options) {}
  const FileSourceOptions& options() const { return options_; }

  enum class Outcome { kEvent, kBadRow, kEnd };
  /// The next row. Of a bad one, `complaint` gets what is wrong with it.
  virtual Result<Outcome> NextRow(workloads::Event* event, std::string* complaint) = 0;
  /// Of the row, from 1.
  virtual uint64_t line() const = 0;

  /// What a row has in the columns that the options name.
  struct Row {
    ByteView key;
    std::string_view time;
    ByteView value;
    std::string_view stream;
    /// What to call a column that the options name so.
    std::function<std::string(const std::string& column)> name;
  };
  /// What it makes of the event; empty, or what is wrong.
  std::string MakeEvent(const Row& row, workloads::Event* event) const;

 private:
  const FileSourceOptions options_;
  uint64_t bad_rows_ = 0;
  std::string first_bad_row_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_FILE_SOURCE_H_

#ifndef KVSTATE_HARNESS_IMPORT_JSON_LINES_SOURCE_H_
#define KVSTATE_HARNESS_IMPORT_JSON_LINES_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "harness/import/file_source.h"
#include "harness/import/json_row.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Events of a file of JSON lines: each line one object, of which members are columns. A text is its characters in
/// UTF-8; a number what stands there, and whole ones without a sign that says nothing; true and false those words; a
/// null no value, which keys and times must have. Empty lines are passed over. Memory: one line, of at most
/// kMaxLineBytes.
class JsonLinesSource final : public FileSource {
 public:
  static constexpr size_t kMaxLineBytes = size_t{64} << 20;

  /// Fails as InputFile::Open does. Which columns exist is not known before the lines are read.
  static Result<std::unique_ptr<FileSource>> Open(const FileSourceOptions& options);

  const InputFile& file() const override { return *file_; }

 private:
  JsonLinesSource(const FileSourceOptions& options, std::unique_ptr<InputFile> file);
  Result<Outcome> NextRow(workloads::Event* event, std::string* complaint) override;
  uint64_t line() const override { return line_number_; }

  const std::unique_ptr<InputFile> file_;
  std::string line_;
  uint64_t line_number_ = 0;
  JsonRow row_;
  std::optional<size_t> value_;
  std::optional<size_t> stream_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_JSON_LINES_SOURCE_H_

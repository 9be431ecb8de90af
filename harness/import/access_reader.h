#ifndef KVSTATE_HARNESS_IMPORT_ACCESS_READER_H_
#define KVSTATE_HARNESS_IMPORT_ACCESS_READER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/import/input_file.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// An access to a key-value store, as another program has written it down. Views live until the reader's next call.
struct StoreAccess {
  enum class Kind : uint8_t {
    kGet,
    kPut,
    kMerge,      ///< Appends `value` to what is under the key.
    kDelete,     ///< Of the field, or of all under the key.
    kSeek,       ///< An iterator goes to the key and reads `steps` entries from there; it may read on.
    kNext,       ///< The last seek's iterator reads one more.
    kScanFields  ///< All fields under the key, of which there are at most `steps` - 1.
  };
  Kind kind = Kind::kGet;
  std::string_view store;  ///< A table or column family.
  ByteView key;
  bool has_field = false;  ///< The access is to one field of what is under the key.
  ByteView field;
  ByteView value;
  int64_t time_ms = 0;
  uint64_t steps = 0;
};

/// What a reader found besides accesses.
struct ReadingReport {
  uint64_t bad_rows = 0;
  std::string first_bad_row;  ///< Its complaint.
  /// How many accesses, by what they are, were told from damage but have no counterpart in keyed state.
  std::map<std::string, uint64_t> left_out;
};

/// Reads the accesses in a file, in order. What is not of the format is DATA_LOSS with the file and the line or the
/// offset, or counted and passed over when that is asked for. Memory: one line or record. Not thread-safe.
class AccessReader {
 public:
  virtual ~AccessReader() = default;
  /// False at the end.
  Result<bool> Next(StoreAccess* access);
  const ReadingReport& report() const { return report_; }
  const InputFile& file() const { return *file_; }

 protected:
  AccessReader(std::unique_ptr<InputFile> file, bool skip_bad_rows)
      : file_(std::move(file)), skip_bad_rows_(skip_bad_rows) {}

  /// Reads on, and gives what accesses there are, possibly none; false at the end. The views live until the next call.
  virtual Result<bool> ReadOn(std::vector<StoreAccess>* accesses) = 0;
  /// Counts it, or fails with it, as was asked for. `where` comes after the file's name.
  Status BadRow(const std::string& where, const std::string& complaint);
  void LeaveOut(const std::string& what) { ++report_.left_out[what]; }
  InputFile& input() { return *file_; }

 private:
  const std::unique_ptr<InputFile> file_;
  const bool skip_bad_rows_;
  ReadingReport report_;
  std::vector<StoreAccess> accesses_;
  size_t given_ = 0;
};

/// A reader of a text of which each line is a row.
class TextAccessReader : public AccessReader {
 public:
  static constexpr size_t kMaxLineBytes = size_t{64} << 20;

 protected:
  using AccessReader::AccessReader;
  /// The accesses of a line; empty, or what is wrong with it.
  virtual std::string ParseLine(std::string_view line, std::vector<StoreAccess>* accesses) = 0;

 private:
  Result<bool> ReadOn(std::vector<StoreAccess>* accesses) final;

  std::string line_;
  uint64_t line_number_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_ACCESS_READER_H_

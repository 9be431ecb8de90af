#ifndef KVSTATE_HARNESS_IMPORT_INPUT_FILE_H_
#define KVSTATE_HARNESS_IMPORT_INPUT_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/import/decompressor.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// The bytes of a file, one after another; gzip and zstd are recognised by their first bytes and unpacked. Memory: two
/// buffers, and what the decompressor needs. Not thread-safe.
class InputFile {
 public:
  /// NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT (a directory), naming the file. CANCELLED when a signal comes
  /// while it, or a call below, waits for a pipe.
  static Result<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The next byte, or -1 at the end. DATA_LOSS when compressed data is damaged or cut short.
  Result<int> NextByte() {
    if (at_ == filled_) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) return -1;
    }
    return static_cast<int>(static_cast<unsigned char>(buffer_[at_++]));
  }
  /// The byte after, which NextByte will give; -1 at the end.
  Result<int> PeekByte();
  /// Takes the mark that some programs put before a text in UTF-8, where there is one. REQUIRES: nothing was taken yet.
  Status SkipByteOrderMark();
  /// Appends bytes up to the next line end, which is taken too but left out, as is a CR before it; false at the end of
  /// the file. DATA_LOSS when there are more than `limit`, which are not read on.
  Result<bool> NextLine(size_t limit, std::string* line);
  /// Appends as many of the next `bytes` as there are.
  Status Read(size_t bytes, std::string* to);

  /// How much of the file, as it is stored, has been read; for progress.
  uint64_t stored_bytes_read() const { return stored_bytes_read_ - stored_.size(); }
  /// Of a pipe: 0.
  uint64_t stored_bytes() const { return stored_bytes_; }
  /// Whether it can be read again from the start, by another.
  bool is_regular() const { return is_regular_; }
  /// How much of what is unpacked has been given.
  uint64_t offset() const { return filled_before_ + at_; }
  const std::string& path() const { return path_; }

 private:
  InputFile(std::string path, int fd, bool is_regular, uint64_t stored_bytes);
  Result<bool> Fill();
  Status FindFormat();
  /// Reads on into stored_, which keeps what it has.
  Status ReadStored();

  const std::string path_;
  const int fd_;
  const bool is_regular_;
  const uint64_t stored_bytes_;
  std::unique_ptr<Decompressor> decompressor_;  ///< Null for bytes that are as they are.
  std::vector<char> stored_buffer_;
  ByteView stored_;  ///< What is left of it.
  bool stored_end_ = false;
  uint64_t stored_bytes_read_ = 0;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t filled_ = 0;
  uint64_t filled_before_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_INPUT_FILE_H_

#ifndef KVSTATE_HARNESS_IMPORT_INPUT_FILE_H_
#define KVSTATE_HARNESS_IMPORT_INPUT_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/status.h"

namespace kvstate::harness {

/// The bytes of a file, one after another; gzip is recognised by its first bytes and unpacked. Not thread-safe.
class InputFile {
 public:
  /// NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT (a directory), naming the file.
  static Result<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The next byte, or -1 at the end. DATA_LOSS when gzip data is damaged or cut short.
  Result<int> NextByte() {
    if (at_ == filled_) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) return -1;
    }
    return static_cast<int>(static_cast<unsigned char>(buffer_[at_++]));
  }
  /// The byte after, which NextByte will give; -1 at the end.
  Result<int> PeekByte();

  /// How much of the file, as it is stored, has been read; for progress.
  uint64_t stored_bytes_read() const;
  uint64_t stored_bytes() const { return stored_bytes_; }
  const std::string& path() const { return path_; }

 private:
  InputFile(std::string path, void* file, uint64_t stored_bytes);
  Result<bool> Fill();

  const std::string path_;
  void* const file_;  ///< A gzFile.
  const uint64_t stored_bytes_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t filled_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_INPUT_FILE_H_

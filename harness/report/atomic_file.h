#ifndef KVSTATE_HARNESS_REPORT_ATOMIC_FILE_H_
#define KVSTATE_HARNESS_REPORT_ATOMIC_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kvstate/status.h"

namespace kvstate::harness {

/// A file that is there whole or not at all: written beside its path under another name, synced, then renamed.
/// Unless committed it is removed again. Not thread-safe.
class AtomicFile {
 public:
  /// Makes the temporary file at once, so that a path that can not be written is known before work is spent:
  /// NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT naming the path.
  static Result<std::unique_ptr<AtomicFile>> Create(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// RESOURCE_EXHAUSTED when the disk is full.
  Status Write(std::string_view bytes);
  Status Commit();
  uint64_t size() const { return size_; }

 private:
  AtomicFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
  Status FlushBuffer();

  const std::string path_;
  const std::string temporary_;
  int fd_;
  bool committed_ = false;
  uint64_t size_ = 0;
  std::string buffer_;
};

/// A Status for the system's error `number` after `what` failed.
Status SystemError(const std::string& what, int number);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_ATOMIC_FILE_H_

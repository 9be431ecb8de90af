#ifndef KVSTATE_BACKENDS_CHECKPOINT_LOCAL_FILE_H_
#define KVSTATE_BACKENDS_CHECKPOINT_LOCAL_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// An open file of the machine, or an open directory. Interrupted calls and short writes are gone on with; every error
/// names the file. Reading is thread-safe, the rest is not.
class LocalFile {
 public:
  /// NOT_FOUND when there is none.
  static Result<std::unique_ptr<LocalFile>> OpenForReading(const std::string& path);
  /// ALREADY_EXISTS when there is one; NOT_FOUND when its directory does not exist.
  static Result<std::unique_ptr<LocalFile>> CreateNew(const std::string& path);
  ~LocalFile();
  LocalFile(const LocalFile&) = delete;
  LocalFile& operator=(const LocalFile&) = delete;

  const std::string& path() const { return path_; }

  Result<uint64_t> Size() const;
  /// Reads up to `n` bytes from `offset` on; fewer only where the file ends.
  Result<size_t> ReadAt(uint64_t offset, size_t n, char* out) const;
  Status Append(ByteView bytes);
  Status Sync();
  Status Close();

 private:
  LocalFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  const std::string path_;
};

/// Makes names in the directory durable.
Status SyncDirectory(const std::string& directory);

/// The directory of a path, "." when it has none.
std::string DirectoryOf(const std::string& path);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_LOCAL_FILE_H_

#include "harness/report/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace kvstate::harness {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

}  // namespace

Status SystemError(const std::string& what, int number) {
  const std::string message = what + ": " + std::generic_category().message(number);
  switch (number) {
    case ENOENT:
      return NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return ResourceExhaustedError(message);
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
      return InvalidArgumentError(message);
    default:
      return InternalError(message);
  }
}

Result<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& path) {
  if (path.empty()) return InvalidArgumentError("the name of the file to write is empty");
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return SystemError("cannot write " + path, EISDIR);
  // The rename would put a file in the place of a device or a pipe.
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    return InvalidArgumentError("cannot write " + path + ": it is not a regular file");
  }
  std::string temporary = path + ".tmp-XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return SystemError("cannot write " + path, errno);
  // mkostemp gives 0600; the result is an ordinary file.
  const mode_t mask = umask(0);
  umask(mask);
  if (fchmod(fd, 0666 & ~mask) != 0) {
    const int number = errno;
    close(fd);
    unlink(temporary.c_str());
    return SystemError("cannot write " + path, number);
  }
  return std::unique_ptr<AtomicFile>(new AtomicFile(path, std::move(temporary), fd));
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) close(fd_);
  if (!committed_) unlink(temporary_.c_str());
}

Status AtomicFile::Write(std::string_view bytes) {
  buffer_.append(bytes);
  size_ += bytes.size();
  return buffer_.size() >= kBufferBytes ? FlushBuffer() : Status();
}

Status AtomicFile::FlushBuffer() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError("writing " + path_, errno);
    done += static_cast<size_t>(n);
  }
  buffer_.clear();
  return Status();
}

Status AtomicFile::Commit() {
  KVSTATE_RETURN_IF_ERROR(FlushBuffer());
  if (fsync(fd_) != 0) return SystemError("syncing " + path_, errno);
  const int closed = close(fd_);
  fd_ = -1;
  if (closed != 0) return SystemError("closing " + path_, errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return SystemError("cannot write " + path_, errno);
  committed_ = true;
  return Status();
}

}  // namespace kvstate::harness

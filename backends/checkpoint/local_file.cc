#include "backends/checkpoint/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "backends/common/file_error.h"

namespace kvstate::backends {

namespace {

int OpenRetrying(const std::string& path, int flags) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

Result<std::unique_ptr<LocalFile>> LocalFile::OpenForReading(const std::string& path) {
  const int fd = OpenRetrying(path, O_RDONLY);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return NotFoundError("there is no file '" + path + "'");
  if (fd < 0) return FileError("cannot open", path, errno);
  return std::unique_ptr<LocalFile>(new LocalFile(fd, path));
}

Result<std::unique_ptr<LocalFile>> LocalFile::CreateNew(const std::string& path) {
  const int fd = OpenRetrying(path, O_WRONLY | O_CREAT | O_EXCL);
  if (fd < 0 && errno == EEXIST) return AlreadyExistsError("'" + path + "' exists; files are written once");
  if (fd < 0 && errno == ENOENT) return NotFoundError("there is no directory for '" + path + "'");
  if (fd < 0) return FileError("cannot create", path, errno);
  return std::unique_ptr<LocalFile>(new LocalFile(fd, path));
}

LocalFile::~LocalFile() {
  if (fd_ >= 0) close(fd_);
}

Result<uint64_t> LocalFile::Size() const {
  struct stat info = {};
  if (fstat(fd_, &info) != 0) return FileError("cannot look at", path_, errno);
  return static_cast<uint64_t>(info.st_size);
}

Result<size_t> LocalFile::ReadAt(uint64_t offset, size_t n, char* out) const {
  size_t done = 0;
  while (done < n) {
    const ssize_t read = pread(fd_, out + done, n - done, static_cast<off_t>(offset + done));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return FileError("cannot read", path_, errno);
    if (read == 0) break;
    done += static_cast<size_t>(read);
  }
  return done;
}

Status LocalFile::Append(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("cannot write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status();
}

Status LocalFile::Sync() {
  // After a failure the kernel may have dropped the bytes, so a second try would prove nothing.
  while (fsync(fd_) != 0) {
    if (errno != EINTR) return FileError("cannot sync", path_, errno);
  }
  return Status();
}

Status LocalFile::Close() {
  // Linux frees the descriptor whatever close answers.
  if (close(std::exchange(fd_, -1)) != 0 && errno != EINTR) return FileError("cannot close", path_, errno);
  return Status();
}

Status SyncDirectory(const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(const auto opened, LocalFile::OpenForReading(directory));
  return opened->Sync();
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace kvstate::backends

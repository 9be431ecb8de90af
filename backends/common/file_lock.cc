#include "backends/common/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "backends/common/file_error.h"

namespace kvstate::backends {

namespace {

/// The process that holds the lock, as it says itself; empty when it does not.
std::string HolderOf(int fd) {
  char text[32];
  const ssize_t length = pread(fd, text, sizeof(text), 0);
  std::string holder;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) holder.push_back(text[i]);
  return holder;
}

}  // namespace

Result<FileLock::Attempt> FileLock::Try(const std::string& path) {
  Attempt attempt;
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const bool is_new = fd >= 0;
  if (fd < 0 && errno == EEXIST) fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    // Its owner, or that of a directory above, is removing it.
    if (errno == ENOENT) return attempt;
    return FileError("cannot open lock file", path, errno);
  }
  std::unique_ptr<FileLock> lock(new FileLock(fd, path, is_new));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FileError("cannot lock", path, errno);
    attempt.held = true;
    attempt.holder = HolderOf(fd);
    return attempt;
  }
  if (!lock->IsOfItsName()) return attempt;
  lock->SayWho();
  attempt.lock = std::move(lock);
  return attempt;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

bool FileLock::IsOfItsName() const {
  struct stat of_fd = {};
  struct stat of_path = {};
  return fstat(fd_, &of_fd) == 0 && stat(path_.c_str(), &of_path) == 0 && of_fd.st_ino == of_path.st_ino &&
         of_fd.st_dev == of_path.st_dev;
}

void FileLock::SayWho() {
  const std::string holder = std::to_string(getpid()) + "\n";
  // On a full disk the lock holds without it, and others are told less.
  if (ftruncate(fd_, 0) == 0 && pwrite(fd_, holder.data(), holder.size(), 0) < 0) return;
}

Status FileLock::Remove() {
  Status status;
  // Removed while locked, so that whoever locks a file of this name next has a file that stays.
  if (fd_ >= 0 && unlink(path_.c_str()) != 0) status = FileError("cannot remove", path_, errno);
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  return status;
}

}  // namespace kvstate::backends

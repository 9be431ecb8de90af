#include "backends/common/working_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace kvstate::backends {

namespace {

constexpr std::string_view kLockName = "kvstate.lock";
constexpr std::string_view kEngineName = "kvstate.engine";
// Another backend's Remove may take away a directory between its making and its use; each round loses only to one.
constexpr int kRounds = 100;

std::string Quoted(std::string_view path) { return "'" + std::string(path) + "'"; }

/// The process that holds the lock, as it says itself; empty when it does not.
std::string HolderOf(int fd) {
  char text[32];
  const ssize_t length = pread(fd, text, sizeof(text), 0);
  std::string holder;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) holder.push_back(text[i]);
  return holder;
}

bool IsDirectory(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

Result<std::unique_ptr<WorkingDirectory>> WorkingDirectory::Open(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(directory, error).lexically_normal();
  if (error) return FileError("cannot resolve", directory, error.value());

  std::unique_ptr<WorkingDirectory> opened(new WorkingDirectory);
  opened->path_ = absolute.string();
  opened->lock_path_ = (absolute / kLockName).string();
  opened->engine_path_ = (absolute / kEngineName).string();
  Status status = opened->Lock();
  if (status.ok()) status = opened->MakeEngineDirectory();
  if (!status.ok()) {
    opened->Remove().IgnoreError();
    return status;
  }
  return opened;
}

WorkingDirectory::~WorkingDirectory() { Remove().IgnoreError(); }

Status WorkingDirectory::MakeDirectories() {
  std::filesystem::path partial;
  for (const std::filesystem::path& part : std::filesystem::path(path_)) {
    partial /= part;
    if (part.empty() || IsDirectory(partial.string())) continue;
    if (mkdir(partial.c_str(), 0777) == 0) {
      made_.push_back(partial.string());
    } else if (errno != EEXIST || !IsDirectory(partial.string())) {
      return FileError("cannot create directory", partial.string(), errno);
    }
  }
  return Status();
}

Status WorkingDirectory::TryLock(bool* locked) {
  *locked = false;
  int fd = open(lock_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const bool is_new = fd >= 0;
  if (fd < 0 && errno == EEXIST) fd = open(lock_path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    // Its owner, or that of a directory above, is removing it: look again.
    if (errno == ENOENT) return Status();
    return FileError("cannot open lock file", lock_path_, errno);
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = HolderOf(fd);
    close(fd);
    if (error != EWOULDBLOCK) return FileError("cannot lock", lock_path_, error);
    return FailedPreconditionError("directory " + Quoted(path_) + " is in use by another backend" +
                                   (holder.empty() ? "" : " of process " + holder) +
                                   "; give each backend a directory of its own, or dispose of the other first");
  }
  // The lock holds only if the locked file is still the one of that name: its last owner may have removed it.
  struct stat of_fd = {};
  struct stat of_path = {};
  if (fstat(fd, &of_fd) != 0 || stat(lock_path_.c_str(), &of_path) != 0 || of_fd.st_ino != of_path.st_ino ||
      of_fd.st_dev != of_path.st_dev) {
    close(fd);
    return Status();
  }
  lock_fd_ = fd;
  lock_file_is_new_ = is_new;
  *locked = true;
  return Status();
}

Status WorkingDirectory::Lock() {
  bool locked = false;
  for (int round = 0; !locked; ++round) {
    if (round == kRounds) return UnavailableError("directory " + Quoted(path_) + " keeps being removed; try again");
    Status status = MakeDirectories();
    if (status.ok()) status = TryLock(&locked);
    KVSTATE_RETURN_IF_ERROR(status);
  }
  const std::string holder = std::to_string(getpid()) + "\n";
  if (ftruncate(lock_fd_, 0) != 0 ||
      pwrite(lock_fd_, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return FileError("cannot write", lock_path_, errno);
  }
  return Status();
}

Status WorkingDirectory::MakeEngineDirectory() {
  struct stat info = {};
  if (lstat(engine_path_.c_str(), &info) == 0) {
    // A killed backend leaves its lock file too; without one, this is somebody else's.
    if (lock_file_is_new_) {
      const std::string foreign = std::exchange(engine_path_, std::string());
      return FailedPreconditionError(Quoted(foreign) + " exists, and no kvstate backend made it; move it away");
    }
    std::error_code error;
    std::filesystem::remove_all(engine_path_, error);
    if (error) return FileError("cannot remove what an earlier process left in", engine_path_, error.value());
  }
  if (mkdir(engine_path_.c_str(), 0777) != 0) return FileError("cannot create directory", engine_path_, errno);
  return Status();
}

Status WorkingDirectory::Remove() {
  Status status;
  if (lock_fd_ >= 0) {
    if (!engine_path_.empty()) {
      std::error_code error;
      std::filesystem::remove_all(engine_path_, error);
      if (error) status = FileError("cannot remove", engine_path_, error.value());
    }
    // Removed while locked, so that whoever locks a file of this name next has a file that stays.
    if (status.ok() && unlink(lock_path_.c_str()) != 0) status = FileError("cannot remove", lock_path_, errno);
    close(std::exchange(lock_fd_, -1));
  }
  while (!made_.empty()) {
    // Not empty: others put something there, which stays.
    if (rmdir(made_.back().c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT && status.ok()) {
      status = FileError("cannot remove directory", made_.back(), errno);
    }
    made_.pop_back();
  }
  return status;
}

}  // namespace kvstate::backends

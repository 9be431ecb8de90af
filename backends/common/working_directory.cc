#include "backends/common/working_directory.h"

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

Status WorkingDirectory::Lock() {
  for (int round = 0; round < kRounds; ++round) {
    KVSTATE_RETURN_IF_ERROR(MakeDirectories());
    KVSTATE_ASSIGN_OR_RETURN(FileLock::Attempt attempt, FileLock::Try(lock_path_));
    if (attempt.held) {
      return FailedPreconditionError("directory " + Quoted(path_) + " is in use by another backend" +
                                     (attempt.holder.empty() ? "" : " of process " + attempt.holder) +
                                     "; give each backend a directory of its own, or dispose of the other first");
    }
    lock_ = std::move(attempt.lock);
    if (lock_ != nullptr) return Status();
  }
  return UnavailableError("directory " + Quoted(path_) + " keeps being removed; try again");
}

Status WorkingDirectory::MakeEngineDirectory() {
  struct stat info = {};
  if (lstat(engine_path_.c_str(), &info) == 0) {
    // A killed backend leaves its lock file too; without one, this is somebody else's.
    if (lock_->file_is_new()) {
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
  if (lock_ != nullptr) {
    if (!engine_path_.empty()) {
      std::error_code error;
      std::filesystem::remove_all(engine_path_, error);
      if (error) status = FileError("cannot remove", engine_path_, error.value());
    }
    if (status.ok()) status = lock_->Remove();
    lock_.reset();
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

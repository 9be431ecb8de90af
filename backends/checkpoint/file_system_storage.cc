#include "backends/checkpoint/file_system_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "backends/checkpoint/checkpoint_layout.h"
#include "backends/checkpoint/storage_path.h"
#include "backends/common/file_error.h"
#include "backends/common/file_lock.h"

namespace kvstate::backends {

namespace {

namespace fs = std::filesystem;

// Smaller appends are gathered; larger ones go to the file as they are.
constexpr size_t kGatheredBytes = size_t{64} << 10;
// A Remove in the same folder may take it away between its making and its use; each round loses only to one.
constexpr int kRounds = 1000;
constexpr std::string_view kTemporaryName = ".publishing-";
// No name of a storage's file, so that it is nobody's, and not listed.
constexpr std::string_view kLockName = "kvstate+lock";

bool IsDirectory(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Makes a directory with its parents, durable as far as this user may sync them.
Status MakeRoot(const fs::path& root) {
  fs::path partial;
  for (const fs::path& part : root) {
    const std::string parent = partial.string();
    partial /= part;
    if (part.empty() || IsDirectory(partial.string())) continue;
    if (mkdir(partial.c_str(), 0777) == 0) {
      KVSTATE_RETURN_IF_ERROR(SyncDirectory(parent));
    } else if (errno != EEXIST || !IsDirectory(partial.string())) {
      return FileError("cannot create directory", partial.string(), errno);
    }
  }
  return Status();
}

Result<std::string> AbsolutePath(const std::string& directory) {
  std::error_code error;
  fs::path absolute = fs::absolute(directory, error).lexically_normal();
  if (error) return FileError("cannot resolve", directory, error.value());
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  return absolute.string();
}

/// Gives the lock up, and removes its file.
class HeldLock {
 public:
  explicit HeldLock(std::unique_ptr<FileLock> lock) : lock_(std::move(lock)) {}
  ~HeldLock() { lock_->Remove().IgnoreError(); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  const std::unique_ptr<FileLock> lock_;
};

class Reader final : public StorageReader {
 public:
  Reader(std::unique_ptr<LocalFile> file, uint64_t size) : file_(std::move(file)), size_(size) {}

  uint64_t size() const override { return size_; }

  Status Read(uint64_t offset, size_t n, std::string* out) const override {
    if (offset <= size_ && n <= size_ - offset) {
      out->resize(n);
      KVSTATE_ASSIGN_OR_RETURN(const size_t read, file_->ReadAt(offset, n, out->data()));
      if (read == n) return Status();
    }
    return DataLossError("'" + file_->path() + "' has no " + std::to_string(n) + " bytes from byte " +
                         std::to_string(offset) + " on: it had " + std::to_string(size_) + " when it was opened");
  }

 private:
  const std::unique_ptr<LocalFile> file_;
  const uint64_t size_;
};

}  // namespace

class FileSystemStorage::Writer final : public StorageWriter {
 public:
  Writer(FileSystemStorage* storage, std::string path, std::unique_ptr<LocalFile> file)
      : storage_(storage), path_(std::move(path)), file_(std::move(file)) {}
  ~Writer() override {
    if (!complete_) storage_->Remove(path_).IgnoreError();
  }

  Status Append(ByteView bytes) override {
    if (bytes.size() + gathered_.size() < kGatheredBytes) {
      gathered_.append(bytes);
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(Flush());
    return file_->Append(bytes);
  }

  Status Close() override {
    KVSTATE_RETURN_IF_ERROR(Flush());
    KVSTATE_RETURN_IF_ERROR(storage_->SyncFile(*file_, path_));
    KVSTATE_RETURN_IF_ERROR(file_->Close());
    complete_ = true;
    return Status();
  }

 private:
  Status Flush() {
    KVSTATE_RETURN_IF_ERROR(file_->Append(gathered_));
    gathered_.clear();
    return Status();
  }

  FileSystemStorage* const storage_;
  const std::string path_;
  const std::unique_ptr<LocalFile> file_;
  std::string gathered_;
  bool complete_ = false;
};

Result<std::shared_ptr<FileSystemStorage>> FileSystemStorage::Open(const std::string& directory, Observer observer) {
  KVSTATE_ASSIGN_OR_RETURN(std::string root, AbsolutePath(directory));
  KVSTATE_RETURN_IF_ERROR(MakeRoot(root));
  return std::shared_ptr<FileSystemStorage>(new FileSystemStorage(std::move(root), false, std::move(observer)));
}

Result<std::shared_ptr<FileSystemStorage>> FileSystemStorage::OpenReadOnly(const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(std::string root, AbsolutePath(directory));
  if (!IsDirectory(root)) return NotFoundError("there is no directory '" + root + "'");
  return std::shared_ptr<FileSystemStorage>(new FileSystemStorage(std::move(root), true, nullptr));
}

void* FileSystemStorage::GetExtension(std::string_view id) {
  if (id == LocalFiles::kExtensionId) return static_cast<LocalFiles*>(this);
  return id == ExclusiveStorage::kExtensionId ? static_cast<ExclusiveStorage*>(this) : nullptr;
}

std::string FileSystemStorage::LocalPath(std::string_view path) const {
  if (path.empty()) return root_;
  std::string local = root_ == "/" ? root_ : root_ + "/";
  return local.append(path);
}

Result<std::shared_ptr<void>> FileSystemStorage::Lock() {
  const std::string path = LocalPath(kLockName);
  if (read_only_) return FailedPreconditionError("'" + root_ + "' cannot be locked: it was opened for reading alone");
  for (int round = 0; round < kRounds; ++round) {
    KVSTATE_ASSIGN_OR_RETURN(FileLock::Attempt attempt, FileLock::Try(path));
    if (attempt.held) {
      return FailedPreconditionError("the checkpoints in '" + root_ + "' are another's" +
                                     (attempt.holder.empty() ? "" : ", of process " + attempt.holder) +
                                     "; end that, or choose another directory");
    }
    if (attempt.lock != nullptr) {
      RemoveFoldersOfTheKilled();
      return std::shared_ptr<void>(std::make_shared<HeldLock>(std::move(attempt.lock)));
    }
    if (!IsDirectory(root_)) return NotFoundError("the storage's directory '" + root_ + "' has been removed");
  }
  return UnavailableError("the lock '" + path + "' keeps being removed; try again");
}

void FileSystemStorage::RemoveFoldersOfTheKilled() {
  std::error_code error;
  for (fs::directory_iterator entry(root_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string folder = entry->path().filename().string();
    // A path of the layout begins with it, or it is nobody's. One that is not empty stays.
    if (folder == "shared" || ParseCheckpointPath(folder + "/x").has_value()) rmdir(LocalPath(folder).c_str());
  }
}

Status FileSystemStorage::CheckWritable(std::string_view path) const {
  KVSTATE_RETURN_IF_ERROR(CheckStoragePath(path, root_));
  if (!read_only_) return Status();
  return FailedPreconditionError("'" + LocalPath(path) +
                                 "' cannot be changed: its storage was opened for reading alone");
}

Status FileSystemStorage::MakeFolders(const std::string& path) {
  std::string above;
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    std::string folder = path.substr(0, slash);
    const std::string local = LocalPath(folder);
    const bool made = mkdir(local.c_str(), 0777) == 0;
    // A folder above that a Remove took away is made again in the next round.
    if (!made && errno != EEXIST && errno != ENOENT) return FileError("cannot create directory", local, errno);
    const std::lock_guard lock(mutex_);
    const bool is_new = known_.insert(folder).second;
    if (made || is_new) unsynced_.insert(above);
    above = std::move(folder);
  }
  return Status();
}

Result<std::unique_ptr<LocalFile>> FileSystemStorage::CreateFile(const std::string& path) {
  for (int round = 0; round < kRounds; ++round) {
    const Status made = MakeFolders(path);
    Result<std::unique_ptr<LocalFile>> file = made.ok() ? LocalFile::CreateNew(LocalPath(path)) : made;
    if (file.ok()) {
      const size_t slash = path.rfind('/');
      const std::lock_guard lock(mutex_);
      unsynced_.insert(slash == std::string::npos ? "" : path.substr(0, slash));
      return file;
    }
    if (file.status().code() != StatusCode::kNotFound) {
      RemoveEmptyFolders(path);
      return file;
    }
    if (!IsDirectory(root_)) return NotFoundError("the storage's directory '" + root_ + "' has been removed");
  }
  return UnavailableError("the folder of '" + LocalPath(path) + "' keeps being removed; try again");
}

Result<std::unique_ptr<StorageWriter>> FileSystemStorage::Create(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(CheckWritable(path));
  KVSTATE_ASSIGN_OR_RETURN(auto file, CreateFile(std::string(path)));
  return std::unique_ptr<StorageWriter>(std::make_unique<Writer>(this, std::string(path), std::move(file)));
}

Status FileSystemStorage::SyncFile(LocalFile& file, const std::string& path) const {
  KVSTATE_RETURN_IF_ERROR(file.Sync());
  Observe("sync", path);
  return Status();
}

Status FileSystemStorage::SyncFolder(const std::string& folder) {
  {
    // Before the sync: a name that comes during it counts as new.
    const std::lock_guard lock(mutex_);
    unsynced_.erase(folder);
  }
  Status synced = SyncDirectory(LocalPath(folder));
  if (synced.ok()) Observe("sync directory", folder);
  // Removed, with all the names in it.
  if (synced.ok() || synced.code() == StatusCode::kNotFound) return Status();
  const std::lock_guard lock(mutex_);
  unsynced_.insert(folder);
  return synced;
}

Status FileSystemStorage::SyncNames() {
  std::set<std::string> folders;
  {
    const std::lock_guard lock(mutex_);
    folders = unsynced_;
  }
  for (const std::string& folder : folders) KVSTATE_RETURN_IF_ERROR(SyncFolder(folder));
  return Status();
}

Status FileSystemStorage::WriteAndRename(const std::string& path, ByteView bytes) {
  const size_t name_at = path.rfind('/') + 1;
  std::string temporary;
  Result<std::unique_ptr<LocalFile>> file = AlreadyExistsError("");
  // One that a killed process left may be in the way.
  while (file.status().code() == StatusCode::kAlreadyExists) {
    temporary = path.substr(0, name_at).append(kTemporaryName).append(std::to_string(getpid()));
    temporary.append("-").append(std::to_string(next_temporary_++));
    file = CreateFile(temporary);
  }
  KVSTATE_RETURN_IF_ERROR(file.status());
  Status status = (*file)->Append(bytes);
  if (status.ok()) status = SyncFile(**file, temporary);
  const Status closed = (*file)->Close();
  if (status.ok()) status = closed;
  if (status.ok()) {
    const std::string to = LocalPath(path);
    if (rename(LocalPath(temporary).c_str(), to.c_str()) != 0) status = FileError("cannot rename to", to, errno);
    if (status.ok()) Observe("rename", path);
  }
  if (!status.ok()) {
    Remove(temporary).IgnoreError();
    return status;
  }
  return SyncFolder(path.substr(0, name_at == 0 ? 0 : name_at - 1));
}

Status FileSystemStorage::Publish(std::string_view path, ByteView bytes) {
  KVSTATE_RETURN_IF_ERROR(CheckWritable(path));
  const std::lock_guard one_at_a_time(publish_mutex_);
  // The folder is among those whose names are synced before anything can be seen in it.
  Status status = MakeFolders(std::string(path));
  if (status.ok()) status = SyncNames();
  if (status.ok()) status = WriteAndRename(std::string(path), bytes);
  if (!status.ok()) RemoveEmptyFolders(std::string(path));
  return status.ok() ? status : status.WithContext("cannot publish '" + LocalPath(path) + "'");
}

Result<std::unique_ptr<StorageReader>> FileSystemStorage::Open(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(CheckStoragePath(path, root_));
  const std::string local = LocalPath(path);
  if (IsDirectory(local)) return NotFoundError("'" + local + "' is a directory, not a file");
  KVSTATE_ASSIGN_OR_RETURN(auto file, LocalFile::OpenForReading(local));
  KVSTATE_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  return std::unique_ptr<StorageReader>(std::make_unique<Reader>(std::move(file), size));
}

Status FileSystemStorage::Remove(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(CheckWritable(path));
  const std::string local = LocalPath(path);
  if (unlink(local.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR) {
    return FileError("cannot remove", local, errno);
  }
  RemoveEmptyFolders(std::string(path));
  return Status();
}

void FileSystemStorage::RemoveEmptyFolders(std::string path) {
  for (size_t slash = path.rfind('/'); slash != std::string::npos; slash = path.rfind('/')) {
    path.resize(slash);
    // One that is not empty stays, and so do those above it; one that cannot be removed does no harm.
    if (rmdir(LocalPath(path).c_str()) != 0) {
      if (errno == ENOTEMPTY || errno == EEXIST) return;
      continue;
    }
    const std::lock_guard lock(mutex_);
    known_.erase(path);
  }
}

Status FileSystemStorage::ListFolder(const std::string& folder, std::string_view prefix,
                                     std::vector<StorageEntry>* entries) const {
  const std::string local = LocalPath(folder);
  DIR* const directory = opendir(local.c_str());
  if (directory == nullptr) {
    if (!folder.empty() && (errno == ENOENT || errno == ENOTDIR)) return Status();
    return FileError("cannot list", local, errno);
  }
  Status status;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(directory);
    if (entry == nullptr) {
      if (errno != 0) status = FileError("cannot list", local, errno);
      break;
    }
    if (!IsStorageName(entry->d_name)) continue;
    const std::string path = folder.empty() ? entry->d_name : folder + "/" + entry->d_name;
    // Either may be the beginning of the other: a folder on the way to the prefix, or what the prefix asks for.
    const size_t common = std::min(path.size(), prefix.size());
    if (path.compare(0, common, prefix, 0, common) != 0) continue;
    struct stat info = {};
    if (fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      status = FileError("cannot look at", LocalPath(path), errno);
      break;
    }
    if (S_ISDIR(info.st_mode)) {
      status = ListFolder(path, prefix, entries);
      if (!status.ok()) break;
    } else if (S_ISREG(info.st_mode) && path.size() >= prefix.size()) {
      entries->push_back({path, static_cast<uint64_t>(info.st_size)});
    }
  }
  closedir(directory);
  return status;
}

Result<std::vector<StorageEntry>> FileSystemStorage::List(std::string_view prefix) {
  std::vector<StorageEntry> entries;
  KVSTATE_RETURN_IF_ERROR(ListFolder("", prefix, &entries));
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return entries;
}

}  // namespace kvstate::backends

namespace kvstate {
inline namespace v1 {

Result<std::shared_ptr<CheckpointStorage>> OpenFileSystemStorage(const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(auto storage, backends::FileSystemStorage::Open(directory, nullptr));
  return std::shared_ptr<CheckpointStorage>(std::move(storage));
}

Result<std::shared_ptr<CheckpointStorage>> OpenFileSystemStorageReadOnly(const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(auto storage, backends::FileSystemStorage::OpenReadOnly(directory));
  return std::shared_ptr<CheckpointStorage>(std::move(storage));
}

}  // namespace v1
}  // namespace kvstate

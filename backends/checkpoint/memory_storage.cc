#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "backends/checkpoint/storage_path.h"
#include "kvstate/checkpoint_storage.h"

namespace kvstate::backends {

namespace {

struct MemoryFile {
  std::string bytes;
  bool complete = false;
};

using MemoryFilePtr = std::shared_ptr<MemoryFile>;

/// Files as strings. A complete file never changes, so that readers need no lock.
class MemoryStorage final : public CheckpointStorage, public ExclusiveStorage {
 public:
  explicit MemoryStorage(uint64_t most_bytes) : location_(NewLocation()), most_bytes_(most_bytes) {}

  std::string_view location() const override { return location_; }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override;
  Status Publish(std::string_view path, ByteView bytes) override;
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override;
  Status Remove(std::string_view path) override;
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override;
  void* GetExtension(std::string_view id) override {
    return id == ExclusiveStorage::kExtensionId ? static_cast<ExclusiveStorage*>(this) : nullptr;
  }
  Result<std::shared_ptr<void>> Lock() override;

 private:
  class Writer;

  /// No two have the same: by its location a backend knows whether a storage has what it wrote before.
  static std::string NewLocation() {
    static std::atomic<uint64_t> made{0};
    return "memory " + std::to_string(++made);
  }

  /// Takes `more` bytes out of what is left. REQUIRES: mutex_ is held.
  Status Take(const std::string& path, uint64_t more);

  const std::string location_;
  const uint64_t most_bytes_;
  std::mutex mutex_;
  std::map<std::string, MemoryFilePtr, std::less<>> files_;  ///< Guarded by mutex_.
  uint64_t bytes_ = 0;                                       ///< Of all files; guarded by mutex_.
  std::weak_ptr<void> lock_;                                 ///< Guarded by mutex_.
};

class MemoryReader final : public StorageReader {
 public:
  MemoryReader(std::string name, MemoryFilePtr file) : name_(std::move(name)), file_(std::move(file)) {}

  uint64_t size() const override { return file_->bytes.size(); }

  Status Read(uint64_t offset, size_t n, std::string* out) const override {
    const std::string& bytes = file_->bytes;
    if (offset > bytes.size() || n > bytes.size() - offset) {
      return DataLossError(name_ + " has no " + std::to_string(n) + " bytes from byte " + std::to_string(offset) +
                           " on, but " + std::to_string(bytes.size()) + " in all");
    }
    out->assign(bytes, offset, n);
    return Status();
  }

 private:
  const std::string name_;  ///< Path and location.
  const MemoryFilePtr file_;
};

class MemoryStorage::Writer final : public StorageWriter {
 public:
  Writer(MemoryStorage* storage, std::string path, MemoryFilePtr file)
      : storage_(storage), path_(std::move(path)), file_(std::move(file)) {}

  ~Writer() override {
    const std::lock_guard lock(storage_->mutex_);
    if (file_->complete || !IsThere()) return;
    storage_->bytes_ -= file_->bytes.size();
    storage_->files_.erase(path_);
  }

  Status Append(ByteView bytes) override {
    const std::lock_guard lock(storage_->mutex_);
    if (IsThere()) KVSTATE_RETURN_IF_ERROR(storage_->Take(path_, bytes.size()));
    file_->bytes.append(bytes);
    return Status();
  }

  Status Close() override {
    const std::lock_guard lock(storage_->mutex_);
    file_->complete = true;
    return Status();
  }

 private:
  /// False when it was removed while being written.
  bool IsThere() const {
    const auto found = storage_->files_.find(path_);
    return found != storage_->files_.end() && found->second == file_;
  }

  MemoryStorage* const storage_;
  const std::string path_;
  const MemoryFilePtr file_;
};

Status MemoryStorage::Take(const std::string& path, uint64_t more) {
  if (more > most_bytes_ - bytes_) {
    return ResourceExhaustedError("'" + path + "' needs " + std::to_string(more) + " more bytes, and of the limit of " +
                                  std::to_string(most_bytes_) + " bytes of this memory storage " +
                                  std::to_string(bytes_) + " are in use; raise the limit, or use a directory " +
                                  "(OpenFileSystemStorage)");
  }
  bytes_ += more;
  return Status();
}

Result<std::unique_ptr<StorageWriter>> MemoryStorage::Create(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(CheckStoragePath(path, location()));
  auto file = std::make_shared<MemoryFile>();
  const std::lock_guard lock(mutex_);
  if (!files_.try_emplace(std::string(path), file).second) {
    return AlreadyExistsError("'" + std::string(path) + "' exists in " + location_ + "; files are written once");
  }
  return std::unique_ptr<StorageWriter>(std::make_unique<Writer>(this, std::string(path), std::move(file)));
}

Status MemoryStorage::Publish(std::string_view path, ByteView bytes) {
  KVSTATE_RETURN_IF_ERROR(CheckStoragePath(path, location()));
  auto file = std::make_shared<MemoryFile>(MemoryFile{std::string(bytes), true});
  const std::lock_guard lock(mutex_);
  const auto old = files_.find(path);
  const uint64_t freed = old == files_.end() ? 0 : old->second->bytes.size();
  bytes_ -= freed;
  Status taken = Take(std::string(path), bytes.size());
  if (!taken.ok()) {
    bytes_ += freed;
    return taken;
  }
  files_.insert_or_assign(std::string(path), std::move(file));
  return Status();
}

Result<std::unique_ptr<StorageReader>> MemoryStorage::Open(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(CheckStoragePath(path, location()));
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end() || !found->second->complete) {
    return NotFoundError("there is no complete file '" + std::string(path) + "' in " + location_);
  }
  std::string name = "'" + std::string(path) + "' in " + location_;
  return std::unique_ptr<StorageReader>(std::make_unique<MemoryReader>(std::move(name), found->second));
}

Status MemoryStorage::Remove(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(CheckStoragePath(path, location()));
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return Status();
  bytes_ -= found->second->bytes.size();
  files_.erase(found);
  return Status();
}

Result<std::vector<StorageEntry>> MemoryStorage::List(std::string_view prefix) {
  std::vector<StorageEntry> entries;
  const std::lock_guard lock(mutex_);
  for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix); ++at) {
    entries.push_back({at->first, at->second->bytes.size()});
  }
  return entries;
}

Result<std::shared_ptr<void>> MemoryStorage::Lock() {
  const std::lock_guard guard(mutex_);
  if (!lock_.expired()) {
    return FailedPreconditionError("the checkpoints in this memory storage are another's; end that, or make another");
  }
  std::shared_ptr<void> held = std::make_shared<char>();
  lock_ = held;
  return held;
}

}  // namespace

}  // namespace kvstate::backends

namespace kvstate {
inline namespace v1 {

std::shared_ptr<CheckpointStorage> MakeMemoryStorage(uint64_t most_bytes) {
  return std::make_shared<backends::MemoryStorage>(most_bytes);
}

}  // namespace v1
}  // namespace kvstate

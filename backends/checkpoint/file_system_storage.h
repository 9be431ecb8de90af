#ifndef KVSTATE_BACKENDS_CHECKPOINT_FILE_SYSTEM_STORAGE_H_
#define KVSTATE_BACKENDS_CHECKPOINT_FILE_SYSTEM_STORAGE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/local_file.h"
#include "kvstate/checkpoint_storage.h"

namespace kvstate::backends {

/// A directory as a CheckpointStorage: OpenFileSystemStorage. A file is written in place, under its own name: what is a
/// file of a checkpoint is said by `_metadata` alone, with sizes and checksums.
///
/// Invariant: a name that is not on stable storage is in a folder of `unsynced_`. So is, when this storage first uses a
/// folder that was there, the folder above: whoever made it may have been killed before a sync.
class FileSystemStorage final : public CheckpointStorage, public LocalFiles, public ExclusiveStorage {
 public:
  /// Told of each step that was done towards stable storage, for tests of their order: "sync", "sync directory",
  /// "rename".
  using Observer = std::function<void(std::string_view step, const std::string& path)>;

  static Result<std::shared_ptr<FileSystemStorage>> Open(const std::string& directory, Observer observer);
  static Result<std::shared_ptr<FileSystemStorage>> OpenReadOnly(const std::string& directory);

  std::string_view location() const override { return root_; }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override;
  Status Publish(std::string_view path, ByteView bytes) override;
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override;
  Status Remove(std::string_view path) override;
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override;
  void* GetExtension(std::string_view id) override;
  std::string LocalPath(std::string_view path) const override;
  Result<std::shared_ptr<void>> Lock() override;

 private:
  class Writer;

  FileSystemStorage(std::string root, bool read_only, Observer observer)
      : root_(std::move(root)), read_only_(read_only), observer_(std::move(observer)) {}

  /// `path` must be one, and the storage not read-only.
  Status CheckWritable(std::string_view path) const;
  Result<std::unique_ptr<LocalFile>> CreateFile(const std::string& path);
  /// Makes the folders of `path`, and notes what is to be synced for it.
  Status MakeFolders(const std::string& path);
  Status SyncFile(LocalFile& file, const std::string& path) const;
  /// Folders are relative to the root, which is "".
  Status SyncFolder(const std::string& folder);
  Status SyncNames();
  Status WriteAndRename(const std::string& path, ByteView bytes);
  void RemoveEmptyFolders(std::string path);
  /// Empty ones of the layout of a CheckpointStore: a process was killed between folder and file.
  void RemoveFoldersOfTheKilled();
  Status ListFolder(const std::string& folder, std::string_view prefix, std::vector<StorageEntry>* entries) const;
  void Observe(std::string_view step, const std::string& path) const {
    if (observer_) observer_(step, path);
  }

  const std::string root_;  ///< Absolute.
  const bool read_only_;
  const Observer observer_;
  std::atomic<uint64_t> next_temporary_{0};

  std::mutex publish_mutex_;  ///< One Publish at a time: each syncs names that others closed.
  std::mutex mutex_;
  std::set<std::string> unsynced_;  ///< Folders; guarded by mutex_.
  std::set<std::string> known_;     ///< Folders whose own name is synced or noted to be; guarded by mutex_.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_FILE_SYSTEM_STORAGE_H_

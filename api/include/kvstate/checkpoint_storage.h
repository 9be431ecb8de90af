#ifndef KVSTATE_CHECKPOINT_STORAGE_H_
#define KVSTATE_CHECKPOINT_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// A file of a CheckpointStorage that is being written. Not thread-safe. Must not outlive its storage.
class KVSTATE_EXPORT StorageWriter {
 public:
  /// Removes the file unless Close succeeded.
  virtual ~StorageWriter();
  virtual Status Append(ByteView bytes) = 0;
  /// The file is complete and its bytes are on stable storage when this returns OK. Its name may not be, until the next
  /// Publish. Nothing may be called afterwards.
  virtual Status Close() = 0;
};

/// A complete file of a CheckpointStorage. Thread-safe. Must not outlive its storage.
class KVSTATE_EXPORT StorageReader {
 public:
  virtual ~StorageReader();
  /// Bytes.
  virtual uint64_t size() const = 0;
  /// Overwrites `out` with the `n` bytes from `offset` on; DATA_LOSS when the file has not so many.
  virtual Status Read(uint64_t offset, size_t n, std::string* out) const = 0;
};

struct StorageEntry {
  std::string path;
  uint64_t bytes = 0;
};

/// Where checkpoints are kept: files by path, written once and never changed. What an object store can do, and no more.
///
/// A path is one or more names joined by '/', each of 1 to 255 bytes of [A-Za-z0-9._-] and neither "." nor "..";
/// INVALID_ARGUMENT otherwise. Folders come and go with the files in them. Every error names the file, with where the
/// storage is; RESOURCE_EXHAUSTED means that it is full. Thread-safe.
class KVSTATE_EXPORT CheckpointStorage {
 public:
  virtual ~CheckpointStorage();

  /// What it is and where, such as a directory's absolute path. Storages that are open at the same time have the same
  /// when they have the same files, and only then: by it a backend knows what an increment may refer to.
  virtual std::string_view location() const = 0;

  /// A new file. ALREADY_EXISTS when there is one of that path.
  virtual Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) = 0;
  /// Makes a file of `bytes`, replacing one that is there, all or nothing: after a crash it has all of them, or is as
  /// it was before. Everything that was closed before is then on stable storage too, names included. So what a
  /// published file refers to is there when it is.
  virtual Status Publish(std::string_view path, ByteView bytes) = 0;
  /// NOT_FOUND when there is none.
  virtual Result<std::unique_ptr<StorageReader>> Open(std::string_view path) = 0;
  /// No such file is fine.
  virtual Status Remove(std::string_view path) = 0;
  /// All files whose paths start with `prefix`, sorted by path; files that are still being written, or that a killed
  /// writer left, too.
  virtual Result<std::vector<StorageEntry>> List(std::string_view prefix) = 0;

  /// See kvstate/extension.h.
  virtual void* GetExtension(std::string_view id);
};

/// Extension of a storage whose files are local ones: an engine's file can then be linked instead of copied.
class KVSTATE_EXPORT LocalFiles {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.local_files.1";
  virtual ~LocalFiles();
  /// The file's absolute path. It must not be written to.
  virtual std::string LocalPath(std::string_view path) const = 0;
};

/// Extension of a storage that keeps second copies nearer by, which may be lost or damaged at any time.
class KVSTATE_EXPORT NearCopies {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.near_copies.1";
  virtual ~NearCopies();
  virtual CheckpointStorage& near() = 0;
  virtual CheckpointStorage& durable() = 0;
  /// To be called by who found the near copy of `path` missing or damaged, and read the durable one.
  virtual void ReplacedByDurable(std::string_view path, const Status& why) = 0;
};

/// Extension of a storage that programs elsewhere may have open too: who decides what is removed from it, a
/// CheckpointStore, must be alone. Writing and reading files takes no lock.
class KVSTATE_EXPORT ExclusiveStorage {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.exclusive_storage.1";
  virtual ~ExclusiveStorage();
  /// Holds until the result is destroyed, which must be before the storage is, or until this process ends, however it
  /// ends. FAILED_PRECONDITION, saying who, when another holds it.
  virtual Result<std::shared_ptr<void>> Lock() = 0;
};

/// A directory; made, with its parents, if absent. Files are synced when closed, directories when published, and a
/// published file is renamed into place last. A LocalFiles, and an ExclusiveStorage.
KVSTATE_EXPORT Result<std::shared_ptr<CheckpointStorage>> OpenFileSystemStorage(const std::string& directory);

/// The same for reading alone: makes nothing, and refuses writes and removals with FAILED_PRECONDITION. NOT_FOUND when
/// there is no such directory.
KVSTATE_EXPORT Result<std::shared_ptr<CheckpointStorage>> OpenFileSystemStorageReadOnly(const std::string& directory);

/// Memory of this process, for small state and tests: RESOURCE_EXHAUSTED, saying which limit, beyond `most_bytes` over
/// all files.
KVSTATE_EXPORT std::shared_ptr<CheckpointStorage> MakeMemoryStorage(uint64_t most_bytes);

/// Local recovery: `durable`, with a second copy of each file in `near`. What is read is taken from there when intact,
/// and else from `durable`, which `log` is told, with the reason. That `near` is full or broken fails nothing; it is
/// logged. A NearCopies. `log` is called on any thread; it may be empty.
KVSTATE_EXPORT std::shared_ptr<CheckpointStorage> MakeLocalRecoveryStorage(
    std::shared_ptr<CheckpointStorage> durable, std::shared_ptr<CheckpointStorage> near,
    std::function<void(std::string_view message)> log);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_CHECKPOINT_STORAGE_H_

#ifndef KVSTATE_BACKENDS_CHECKPOINT_STORED_FILE_H_
#define KVSTATE_BACKENDS_CHECKPOINT_STORED_FILE_H_

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Asked by long transfers now and then; null: they cannot be cancelled.
using CancelFlag = std::atomic<bool>;

/// CANCELLED when the flag is set.
Status CheckCancelled(const CancelFlag* cancelled);

/// Writes a file of a storage, and its checksum beside it. Not thread-safe. The file is removed unless Close succeeds.
class StoredFileWriter {
 public:
  static Result<std::unique_ptr<StoredFileWriter>> Create(CheckpointStorage& storage, std::string path);
  ~StoredFileWriter();
  StoredFileWriter(const StoredFileWriter&) = delete;
  StoredFileWriter& operator=(const StoredFileWriter&) = delete;

  Status Append(ByteView bytes);
  uint64_t bytes() const;
  Result<StoredFile> Close();

 private:
  struct Impl;
  explicit StoredFileWriter(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// Copies a local file into the storage. The file must not change meanwhile.
Result<StoredFile> StoreLocalFile(CheckpointStorage& storage, const std::string& local_path, std::string path,
                                  const CancelFlag* cancelled);

/// Opens `file` once all its bytes are what they were when it was written: of a storage with NearCopies the near copy,
/// when intact. DATA_LOSS, naming the file, when it is missing, shorter, longer or damaged.
Result<std::unique_ptr<StorageReader>> OpenVerified(CheckpointStorage& storage, const StoredFile& file,
                                                    const CancelFlag* cancelled);

/// Puts a verified copy of `file` at `local_path`, which must be free: a hard link where the storage has LocalFiles on
/// the same file system, else the bytes. Nothing is left there on failure. REQUIRES: nobody writes to `local_path`.
Status FetchVerified(CheckpointStorage& storage, const StoredFile& file, const std::string& local_path,
                     const CancelFlag* cancelled);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_STORED_FILE_H_

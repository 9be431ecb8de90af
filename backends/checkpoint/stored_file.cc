#include "backends/checkpoint/stored_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "backends/checkpoint/local_file.h"
#include "backends/common/file_error.h"
#include "kvstate/extension.h"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace kvstate::backends {

namespace {

// Large enough that a call costs nothing beside its bytes, small enough to stay in the cache between two uses.
constexpr size_t kChunkBytes = size_t{256} << 10;

/// XXH3-64 of bytes that come in pieces.
class Checksum {
 public:
  Checksum() { XXH3_64bits_reset(&state_); }
  void Add(ByteView bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
  uint64_t value() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

std::string Named(const CheckpointStorage& storage, const StoredFile& file) {
  return "'" + file.path + "' in " + std::string(storage.location());
}

Result<std::unique_ptr<StorageReader>> OpenExpected(CheckpointStorage& storage, const StoredFile& file) {
  auto reader = storage.Open(file.path);
  if (reader.status().code() == StatusCode::kNotFound) return DataLossError(Named(storage, file) + " is missing");
  KVSTATE_RETURN_IF_ERROR(reader.status());
  if ((*reader)->size() != file.bytes) {
    return DataLossError(Named(storage, file) + " has " + std::to_string((*reader)->size()) + " bytes, not the " +
                         std::to_string(file.bytes) + " that were written");
  }
  return reader;
}

/// Reads all of `file`, hands its bytes to `copy` unless that is null, and compares the checksum at the end.
Status ReadExpected(CheckpointStorage& storage, const StoredFile& file, const StorageReader& reader, LocalFile* copy,
                    Status* copied, const CancelFlag* cancelled) {
  Checksum checksum;
  std::string chunk;
  for (uint64_t offset = 0; offset < file.bytes; offset += chunk.size()) {
    KVSTATE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    const size_t size = static_cast<size_t>(std::min<uint64_t>(kChunkBytes, file.bytes - offset));
    KVSTATE_RETURN_IF_ERROR(reader.Read(offset, size, &chunk));
    checksum.Add(chunk);
    if (copy == nullptr) continue;
    *copied = copy->Append(chunk);
    KVSTATE_RETURN_IF_ERROR(*copied);
  }
  if (checksum.value() == file.checksum) return Status();
  return DataLossError(Named(storage, file) + " is damaged: its bytes do not fit their checksum");
}

Result<std::unique_ptr<StorageReader>> OpenVerifiedHere(CheckpointStorage& storage, const StoredFile& file,
                                                        const CancelFlag* cancelled) {
  KVSTATE_ASSIGN_OR_RETURN(auto reader, OpenExpected(storage, file));
  KVSTATE_RETURN_IF_ERROR(ReadExpected(storage, file, *reader, nullptr, nullptr, cancelled));
  return reader;
}

/// A verified near copy, and the durable file from the first read on that the near copy fails.
class NearReader final : public StorageReader {
 public:
  NearReader(NearCopies* copies, StoredFile file, std::unique_ptr<StorageReader> near)
      : copies_(copies), file_(std::move(file)), near_(std::move(near)) {}

  uint64_t size() const override { return file_.bytes; }

  Status Read(uint64_t offset, size_t n, std::string* out) const override {
    if (const StorageReader* const durable = durable_; durable != nullptr) return durable->Read(offset, n, out);
    Status near = near_->Read(offset, n, out);
    // A read beyond the end is the caller's failure.
    if (near.ok() || offset > file_.bytes || n > file_.bytes - offset) return near;
    KVSTATE_RETURN_IF_ERROR(GoToDurable(near));
    return durable_.load()->Read(offset, n, out);
  }

 private:
  Status GoToDurable(const Status& why) const {
    const std::lock_guard guard(mutex_);
    if (durable_ != nullptr) return Status();
    copies_->ReplacedByDurable(file_.path, why);
    KVSTATE_ASSIGN_OR_RETURN(owned_durable_, OpenVerifiedHere(copies_->durable(), file_, nullptr));
    durable_ = owned_durable_.get();
    return Status();
  }

  NearCopies* const copies_;
  const StoredFile file_;
  const std::unique_ptr<StorageReader> near_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<StorageReader> owned_durable_;  ///< Guarded by mutex_.
  mutable std::atomic<const StorageReader*> durable_{nullptr};
};

/// Whether a link from one to a file beside the other can be made: on the same file system.
bool OnSameFileSystem(const std::string& from, const std::string& to) {
  struct stat from_info = {};
  struct stat to_info = {};
  return stat(from.c_str(), &from_info) == 0 && stat(DirectoryOf(to).c_str(), &to_info) == 0 &&
         from_info.st_dev == to_info.st_dev;
}

/// `*target` is why `local_path` cannot be written, when that is what fails.
Status CopyVerified(CheckpointStorage& storage, const StoredFile& file, const StorageReader& reader,
                    const std::string& local_path, const CancelFlag* cancelled, Status* target) {
  auto copy = LocalFile::CreateNew(local_path);
  *target = copy.status();
  KVSTATE_RETURN_IF_ERROR(*target);
  Status status = ReadExpected(storage, file, reader, copy->get(), target, cancelled);
  const Status closed = (*copy)->Close();
  if (status.ok()) status = *target = closed;
  if (!status.ok() && unlink(local_path.c_str()) != 0) {
    return status.WithContext(FileError("cannot remove", local_path, errno).message());
  }
  return status;
}

Status FetchVerifiedHere(CheckpointStorage& storage, const StoredFile& file, const std::string& local_path,
                         const CancelFlag* cancelled, Status* target) {
  KVSTATE_ASSIGN_OR_RETURN(const auto reader, OpenExpected(storage, file));
  auto* const local = GetExtension<LocalFiles>(storage);
  const std::string from = local == nullptr ? "" : local->LocalPath(file.path);
  if (local != nullptr && OnSameFileSystem(from, local_path)) {
    KVSTATE_RETURN_IF_ERROR(ReadExpected(storage, file, *reader, nullptr, nullptr, cancelled));
    if (link(from.c_str(), local_path.c_str()) == 0) return Status();
    // A file system without links, or with too many of this file, still takes a copy.
    if (errno == EEXIST || errno == ENOSPC || errno == EDQUOT) {
      return *target = FileError("cannot link '" + from + "' to", local_path, errno);
    }
  }
  return CopyVerified(storage, file, *reader, local_path, cancelled, target);
}

}  // namespace

Status CheckCancelled(const CancelFlag* cancelled) {
  if (cancelled == nullptr || !*cancelled) return Status();
  return CancelledError("the snapshot or restore was cancelled");
}

struct StoredFileWriter::Impl {
  Checksum checksum;  // Aligned to a line of the cache.
  StoredFile file;
  std::unique_ptr<StorageWriter> writer;
};

StoredFileWriter::StoredFileWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StoredFileWriter::~StoredFileWriter() = default;

Result<std::unique_ptr<StoredFileWriter>> StoredFileWriter::Create(CheckpointStorage& storage, std::string path) {
  auto impl = std::make_unique<Impl>();
  KVSTATE_ASSIGN_OR_RETURN(impl->writer, storage.Create(path));
  impl->file.path = std::move(path);
  return std::unique_ptr<StoredFileWriter>(new StoredFileWriter(std::move(impl)));
}

Status StoredFileWriter::Append(ByteView bytes) {
  impl_->checksum.Add(bytes);
  impl_->file.bytes += bytes.size();
  return impl_->writer->Append(bytes);
}

uint64_t StoredFileWriter::bytes() const { return impl_->file.bytes; }

Result<StoredFile> StoredFileWriter::Close() {
  KVSTATE_RETURN_IF_ERROR(impl_->writer->Close());
  impl_->file.checksum = impl_->checksum.value();
  return impl_->file;
}

Result<StoredFile> StoreLocalFile(CheckpointStorage& storage, const std::string& local_path, std::string path,
                                  const CancelFlag* cancelled) {
  KVSTATE_ASSIGN_OR_RETURN(const auto local, LocalFile::OpenForReading(local_path));
  KVSTATE_ASSIGN_OR_RETURN(const auto writer, StoredFileWriter::Create(storage, std::move(path)));
  std::string chunk(kChunkBytes, '\0');
  for (;;) {
    KVSTATE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    KVSTATE_ASSIGN_OR_RETURN(const size_t size, local->ReadAt(writer->bytes(), chunk.size(), chunk.data()));
    KVSTATE_RETURN_IF_ERROR(writer->Append({chunk.data(), size}));
    if (size < chunk.size()) return writer->Close();
  }
}

Result<std::unique_ptr<StorageReader>> OpenVerified(CheckpointStorage& storage, const StoredFile& file,
                                                    const CancelFlag* cancelled) {
  auto* const copies = GetExtension<NearCopies>(storage);
  if (copies == nullptr) return OpenVerifiedHere(storage, file, cancelled);
  auto near = OpenVerifiedHere(copies->near(), file, cancelled);
  if (near.ok()) {
    return std::unique_ptr<StorageReader>(std::make_unique<NearReader>(copies, file, std::move(near).value()));
  }
  if (near.status().code() == StatusCode::kCancelled) return near;
  copies->ReplacedByDurable(file.path, near.status());
  return OpenVerifiedHere(copies->durable(), file, cancelled);
}

Status FetchVerified(CheckpointStorage& storage, const StoredFile& file, const std::string& local_path,
                     const CancelFlag* cancelled) {
  Status target;
  auto* const copies = GetExtension<NearCopies>(storage);
  if (copies == nullptr) return FetchVerifiedHere(storage, file, local_path, cancelled, &target);
  Status near = FetchVerifiedHere(copies->near(), file, local_path, cancelled, &target);
  // Where the copy was to go is not the near copy's fault, and no better for the durable one.
  if (near.ok() || !target.ok() || near.code() == StatusCode::kCancelled) return near;
  copies->ReplacedByDurable(file.path, near);
  return FetchVerifiedHere(copies->durable(), file, local_path, cancelled, &target);
}

}  // namespace kvstate::backends

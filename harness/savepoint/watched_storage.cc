#include "harness/savepoint/watched_storage.h"

#include <string>
#include <utility>
#include <vector>

namespace kvstate::harness {

namespace {

Status Pass(const StorageWatch& watch, uint64_t bytes) {
  if (watch.stopped && watch.stopped()) return CancelledError("interrupted");
  if (watch.transferred) watch.transferred(bytes);
  return Status();
}

class WatchedReader final : public StorageReader {
 public:
  WatchedReader(std::unique_ptr<StorageReader> reader, const StorageWatch& watch)
      : reader_(std::move(reader)), watch_(watch) {}
  uint64_t size() const override { return reader_->size(); }
  Status Read(uint64_t offset, size_t n, std::string* out) const override {
    KVSTATE_RETURN_IF_ERROR(Pass(watch_, n));
    return reader_->Read(offset, n, out);
  }

 private:
  const std::unique_ptr<StorageReader> reader_;
  const StorageWatch& watch_;
};

class WatchedWriter final : public StorageWriter {
 public:
  WatchedWriter(std::unique_ptr<StorageWriter> writer, const StorageWatch& watch)
      : writer_(std::move(writer)), watch_(watch) {}
  Status Append(ByteView bytes) override {
    KVSTATE_RETURN_IF_ERROR(Pass(watch_, bytes.size()));
    return writer_->Append(bytes);
  }
  Status Close() override { return writer_->Close(); }

 private:
  const std::unique_ptr<StorageWriter> writer_;
  const StorageWatch& watch_;
};

class WatchedStorage final : public CheckpointStorage {
 public:
  WatchedStorage(std::shared_ptr<CheckpointStorage> storage, StorageWatch watch)
      : storage_(std::move(storage)), watch_(std::move(watch)) {}

  std::string_view location() const override { return storage_->location(); }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StorageWriter> writer, storage_->Create(path));
    return std::unique_ptr<StorageWriter>(std::make_unique<WatchedWriter>(std::move(writer), watch_));
  }
  Status Publish(std::string_view path, ByteView bytes) override { return storage_->Publish(path, bytes); }
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StorageReader> reader, storage_->Open(path));
    return std::unique_ptr<StorageReader>(std::make_unique<WatchedReader>(std::move(reader), watch_));
  }
  Status Remove(std::string_view path) override { return storage_->Remove(path); }
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override { return storage_->List(prefix); }
  /// Local files may be linked where there are such: what is linked is read through here before.
  void* GetExtension(std::string_view id) override {
    return id == LocalFiles::kExtensionId ? storage_->GetExtension(id) : nullptr;
  }

 private:
  const std::shared_ptr<CheckpointStorage> storage_;
  const StorageWatch watch_;
};

}  // namespace

std::shared_ptr<CheckpointStorage> WatchStorage(std::shared_ptr<CheckpointStorage> storage, StorageWatch watch) {
  return std::make_shared<WatchedStorage>(std::move(storage), std::move(watch));
}

}  // namespace kvstate::harness

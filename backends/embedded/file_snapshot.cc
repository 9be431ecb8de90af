#include "backends/embedded/file_snapshot.h"

#include <algorithm>
#include <utility>

#include "backends/checkpoint/stored_file.h"
#include "backends/embedded/transfers.h"

namespace kvstate::backends {

void PendingFiles::Wrote(std::shared_ptr<const SharedFiles> files) {
  const std::lock_guard lock(mutex_);
  written_ = std::move(files);
}

std::shared_ptr<const SharedFiles> PendingFiles::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

std::shared_ptr<const SharedFiles> FileBases::BaseFor(const SnapshotWriter& writer) const {
  const std::string_view location = writer.storage().location();
  const bool incremental = writer.options().kind == SnapshotKind::kIncrementalCheckpoint;
  if (incremental && confirmed_ != nullptr && confirmed_->location == location) return confirmed_;
  return std::make_shared<SharedFiles>(SharedFiles{std::string(location), {}});
}

std::shared_ptr<PendingFiles> FileBases::Begin(uint64_t checkpoint_id) {
  pending_.push_back(std::make_shared<PendingFiles>(checkpoint_id));
  return pending_.back();
}

void FileBases::Confirm(uint64_t checkpoint_id) {
  const auto confirmed = std::find_if(pending_.begin(), pending_.end(),
                                      [&](const auto& files) { return files->checkpoint_id() == checkpoint_id; });
  if (confirmed == pending_.end()) return;
  if (auto written = (*confirmed)->written(); written != nullptr) confirmed_ = std::move(written);
  pending_.erase(confirmed);
}

void FileBases::Abort(uint64_t checkpoint_id) {
  std::erase_if(pending_, [&](const auto& files) { return files->checkpoint_id() == checkpoint_id; });
}

void FileBases::Claim(std::string location, const std::vector<SnapshotFile>& files) {
  SharedFiles claimed{std::move(location), {}};
  for (const SnapshotFile& file : files) {
    if (file.shared) claimed.by_name[file.name] = file.file;
  }
  confirmed_ = std::make_shared<const SharedFiles>(std::move(claimed));
}

namespace {

class FileWork final : public SnapshotWork {
 public:
  FileWork(KeyedStateHandle handle, std::unique_ptr<StoreFiles> files, std::shared_ptr<const SharedFiles> base,
           std::shared_ptr<PendingFiles> pending)
      : handle_(std::move(handle)), files_(std::move(files)), base_(std::move(base)), pending_(std::move(pending)) {}

  Result<KeyedStateHandle> Write(SnapshotWriter& writer) override {
    // A full checkpoint's files may be shared too: by the increments after it.
    const std::vector<EngineFile>& files = files_->files();
    handle_.files.resize(files.size());
    const auto transfer = [&](size_t i) -> Status {
      const EngineFile& file = files[i];
      SnapshotFile& stored = handle_.files[i];
      stored.name = file.name;
      stored.shared = file.immutable;
      const auto there = base_->by_name.find(file.name);
      if (stored.shared && there != base_->by_name.end() && there->second.bytes == file.bytes) {
        stored.file = there->second;
        writer.AddReused(stored.file);
        return Status();
      }
      KVSTATE_ASSIGN_OR_RETURN(
          stored.file,
          StoreLocalFile(writer.storage(), file.path, writer.NewPath(stored.shared, file.name), &writer.cancelled()));
      writer.AddNew(stored.file);
      return Status();
    };
    KVSTATE_RETURN_IF_ERROR(RunTransfers(files.size(), writer.options().transfer_threads, transfer));
    SharedFiles written{base_->location, {}};
    for (const SnapshotFile& file : handle_.files) {
      if (file.shared) written.by_name[file.name] = file.file;
    }
    pending_->Wrote(std::make_shared<const SharedFiles>(std::move(written)));
    return std::move(handle_);
  }

 private:
  KeyedStateHandle handle_;
  const std::unique_ptr<StoreFiles> files_;
  const std::shared_ptr<const SharedFiles> base_;
  const std::shared_ptr<PendingFiles> pending_;
};

}  // namespace

std::unique_ptr<SnapshotWork> MakeFileWork(KeyedStateHandle handle, std::unique_ptr<StoreFiles> files,
                                           std::shared_ptr<const SharedFiles> base,
                                           std::shared_ptr<PendingFiles> pending) {
  return std::make_unique<FileWork>(std::move(handle), std::move(files), std::move(base), std::move(pending));
}

}  // namespace kvstate::backends

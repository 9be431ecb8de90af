#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "kvstate/checkpoint_storage.h"
#include "kvstate/extension.h"

namespace kvstate::backends {

namespace {

using Log = std::function<void(std::string_view message)>;

/// Invariant: whatever `near` answers, the outcome is `durable`'s.
class LocalRecoveryStorage final : public CheckpointStorage, public NearCopies {
 public:
  LocalRecoveryStorage(std::shared_ptr<CheckpointStorage> durable, std::shared_ptr<CheckpointStorage> near, Log log)
      : durable_(std::move(durable)), near_(std::move(near)), log_(std::move(log)) {}

  std::string_view location() const override { return durable_->location(); }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override;
  Status Publish(std::string_view path, ByteView bytes) override;
  /// Without a checksum to compare with, a near copy cannot be trusted: OpenVerified reads those.
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override { return durable_->Open(path); }
  Status Remove(std::string_view path) override;
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override { return durable_->List(prefix); }
  void* GetExtension(std::string_view id) override;

  CheckpointStorage& near() override { return *near_; }
  CheckpointStorage& durable() override { return *durable_; }
  void ReplacedByDurable(std::string_view path, const Status& why) override;

 private:
  class Writer;

  /// There is no near copy of `path`.
  void NotKept(std::string_view path, const Status& why) const;

  const std::shared_ptr<CheckpointStorage> durable_;
  const std::shared_ptr<CheckpointStorage> near_;
  const Log log_;
};

class LocalRecoveryStorage::Writer final : public StorageWriter {
 public:
  Writer(const LocalRecoveryStorage* storage, std::string path, std::unique_ptr<StorageWriter> durable,
         std::unique_ptr<StorageWriter> near)
      : storage_(storage), path_(std::move(path)), durable_(std::move(durable)), near_(std::move(near)) {}

  Status Append(ByteView bytes) override {
    if (near_ != nullptr) KeepIf(near_->Append(bytes));
    return durable_->Append(bytes);
  }

  Status Close() override {
    KVSTATE_RETURN_IF_ERROR(durable_->Close());
    if (near_ != nullptr) KeepIf(near_->Close());
    return Status();
  }

 private:
  /// Does without a near copy unless `near` is OK.
  void KeepIf(const Status& near) {
    if (near.ok()) return;
    near_.reset();
    storage_->NotKept(path_, near);
  }

  const LocalRecoveryStorage* const storage_;
  const std::string path_;
  const std::unique_ptr<StorageWriter> durable_;
  std::unique_ptr<StorageWriter> near_;  ///< Null when there will be no near copy.
};

Result<std::unique_ptr<StorageWriter>> LocalRecoveryStorage::Create(std::string_view path) {
  KVSTATE_ASSIGN_OR_RETURN(auto durable, durable_->Create(path));
  auto near = near_->Create(path);
  if (near.status().code() == StatusCode::kAlreadyExists) {
    // Of an earlier file, whose removal did not reach the near copy.
    const Status removed = near_->Remove(path);
    near = removed.ok() ? near_->Create(path) : Result<std::unique_ptr<StorageWriter>>(removed);
  }
  if (!near.ok()) NotKept(path, near.status());
  return std::unique_ptr<StorageWriter>(std::make_unique<Writer>(this, std::string(path), std::move(durable),
                                                                 near.ok() ? std::move(near).value() : nullptr));
}

Status LocalRecoveryStorage::Publish(std::string_view path, ByteView bytes) {
  KVSTATE_RETURN_IF_ERROR(durable_->Publish(path, bytes));
  const Status near = near_->Publish(path, bytes);
  if (!near.ok()) NotKept(path, near);
  return Status();
}

Status LocalRecoveryStorage::Remove(std::string_view path) {
  Status durable = durable_->Remove(path);
  // While the durable file is there, so should its copy be.
  if (!durable.ok()) return durable;
  const Status near = near_->Remove(path);
  if (!near.ok() && log_) {
    log_("the near copy of '" + std::string(path) + "' is not removed: " + near.ToString());
  }
  return Status();
}

void* LocalRecoveryStorage::GetExtension(std::string_view id) {
  if (id == NearCopies::kExtensionId) return static_cast<NearCopies*>(this);
  return id == ExclusiveStorage::kExtensionId ? durable_->GetExtension(id) : nullptr;
}

void LocalRecoveryStorage::ReplacedByDurable(std::string_view path, const Status& why) {
  if (!log_) return;
  log_("'" + std::string(path) + "' is read from " + std::string(durable_->location()) +
       ", since its near copy is of no use: " + why.ToString());
}

void LocalRecoveryStorage::NotKept(std::string_view path, const Status& why) const {
  if (!log_) return;
  log_("there is no near copy of '" + std::string(path) + "', which is in " + std::string(durable_->location()) +
       " alone: " + why.ToString());
}

}  // namespace

}  // namespace kvstate::backends

namespace kvstate {
inline namespace v1 {

std::shared_ptr<CheckpointStorage> MakeLocalRecoveryStorage(std::shared_ptr<CheckpointStorage> durable,
                                                            std::shared_ptr<CheckpointStorage> near,
                                                            std::function<void(std::string_view message)> log) {
  return std::make_shared<backends::LocalRecoveryStorage>(std::move(durable), std::move(near), std::move(log));
}

}  // namespace v1
}  // namespace kvstate

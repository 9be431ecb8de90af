#include "tests/support/failing_storage.h"

#include <utility>

namespace kvstate::testing_support {

FailingStorage::FailingStorage(std::shared_ptr<CheckpointStorage> inner) : inner_(std::move(inner)) {}

void FailingStorage::Arm(const FailurePlan& plan) {
  const std::lock_guard guard(mutex_);
  plan_ = plan;
  log_.clear();
  failed_path_.reset();
}

uint64_t FailingStorage::operations() const {
  const std::lock_guard guard(mutex_);
  return log_.size();
}

std::optional<std::string> FailingStorage::failed_path() const {
  const std::lock_guard guard(mutex_);
  return failed_path_;
}

std::vector<std::string> FailingStorage::log() const {
  const std::lock_guard guard(mutex_);
  return log_;
}

FailurePlan FailingStorage::plan() const {
  const std::lock_guard guard(mutex_);
  return plan_;
}

Status FailingStorage::Next(const char* operation, std::string_view path) {
  const std::lock_guard guard(mutex_);
  log_.push_back(std::string(operation) + " " + std::string(path));
  const uint64_t n = log_.size();
  if (plan_.fail_at == 0 || n < plan_.fail_at || (n > plan_.fail_at && !plan_.from_then_on)) return Status();
  if (!failed_path_.has_value()) failed_path_ = std::string(path);
  return Status(plan_.code, "cannot " + std::string(operation) + " '" + std::string(path) + "' in " +
                                std::string(inner_->location()) + ": the test lets operation " + std::to_string(n) +
                                " fail");
}

class FailingStorage::Writer final : public StorageWriter {
 public:
  Writer(FailingStorage* storage, std::string path, std::unique_ptr<StorageWriter> inner)
      : storage_(storage), path_(std::move(path)), inner_(std::move(inner)) {}
  ~Writer() override {
    if (!closed_ && storage_->plan().leave_unfinished) inner_->Close().IgnoreError();
  }

  Status Append(ByteView bytes) override {
    const Status next = storage_->Next("append to", path_);
    if (next.ok()) return inner_->Append(bytes);
    if (storage_->plan().half_append) KVSTATE_RETURN_IF_ERROR(inner_->Append(bytes.substr(0, bytes.size() / 2)));
    return next;
  }

  Status Close() override {
    KVSTATE_RETURN_IF_ERROR(storage_->Next("close", path_));
    closed_ = true;
    return inner_->Close();
  }

 private:
  FailingStorage* const storage_;
  const std::string path_;
  const std::unique_ptr<StorageWriter> inner_;
  bool closed_ = false;
};

class FailingStorage::Reader final : public StorageReader {
 public:
  Reader(FailingStorage* storage, std::string path, std::unique_ptr<StorageReader> inner)
      : storage_(storage), path_(std::move(path)), inner_(std::move(inner)) {}

  uint64_t size() const override { return inner_->size(); }
  Status Read(uint64_t offset, size_t n, std::string* out) const override {
    KVSTATE_RETURN_IF_ERROR(storage_->Next("read", path_));
    return inner_->Read(offset, n, out);
  }

 private:
  FailingStorage* const storage_;
  const std::string path_;
  const std::unique_ptr<StorageReader> inner_;
};

Result<std::unique_ptr<StorageWriter>> FailingStorage::Create(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(Next("create", path));
  KVSTATE_ASSIGN_OR_RETURN(auto inner, inner_->Create(path));
  return std::unique_ptr<StorageWriter>(std::make_unique<Writer>(this, std::string(path), std::move(inner)));
}

Status FailingStorage::Publish(std::string_view path, ByteView bytes) {
  const Status next = Next("publish", path);
  if (next.ok()) return inner_->Publish(path, bytes);
  if (plan().late_publish) KVSTATE_RETURN_IF_ERROR(inner_->Publish(path, bytes));
  return next;
}

Result<std::unique_ptr<StorageReader>> FailingStorage::Open(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(Next("open", path));
  KVSTATE_ASSIGN_OR_RETURN(auto inner, inner_->Open(path));
  return std::unique_ptr<StorageReader>(std::make_unique<Reader>(this, std::string(path), std::move(inner)));
}

Status FailingStorage::Remove(std::string_view path) {
  KVSTATE_RETURN_IF_ERROR(Next("remove", path));
  return inner_->Remove(path);
}

Result<std::vector<StorageEntry>> FailingStorage::List(std::string_view prefix) {
  KVSTATE_RETURN_IF_ERROR(Next("list", prefix));
  return inner_->List(prefix);
}

}  // namespace kvstate::testing_support

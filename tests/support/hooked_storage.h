#ifndef KVSTATE_TESTS_SUPPORT_HOOKED_STORAGE_H_
#define KVSTATE_TESTS_SUPPORT_HOOKED_STORAGE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/checkpoint_storage.h"

namespace kvstate::testing_support {

/// Called before each operation on a file, with its name ("create", "append", "close", "publish", "open", "read",
/// "remove", "list") and the path; a failure that it gives becomes the operation's. Called on any thread.
using StorageHook = std::function<Status(const std::string& operation, const std::string& path)>;

/// A storage that tells a hook of whatever is done to it, and does it by another. It has none of the other's
/// extensions, so that every byte passes here.
class HookedStorage final : public CheckpointStorage {
 public:
  HookedStorage(std::shared_ptr<CheckpointStorage> inner, StorageHook hook)
      : inner_(std::move(inner)), hook_(std::move(hook)) {}

  std::string_view location() const override { return inner_->location(); }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override {
    KVSTATE_RETURN_IF_ERROR(hook_("create", std::string(path)));
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StorageWriter> writer, inner_->Create(path));
    return std::unique_ptr<StorageWriter>(std::make_unique<Writer>(std::move(writer), hook_, std::string(path)));
  }
  Status Publish(std::string_view path, ByteView bytes) override {
    KVSTATE_RETURN_IF_ERROR(hook_("publish", std::string(path)));
    return inner_->Publish(path, bytes);
  }
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override {
    KVSTATE_RETURN_IF_ERROR(hook_("open", std::string(path)));
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StorageReader> reader, inner_->Open(path));
    return std::unique_ptr<StorageReader>(std::make_unique<Reader>(std::move(reader), hook_, std::string(path)));
  }
  Status Remove(std::string_view path) override {
    KVSTATE_RETURN_IF_ERROR(hook_("remove", std::string(path)));
    return inner_->Remove(path);
  }
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override {
    KVSTATE_RETURN_IF_ERROR(hook_("list", std::string(prefix)));
    return inner_->List(prefix);
  }

 private:
  class Writer final : public StorageWriter {
   public:
    Writer(std::unique_ptr<StorageWriter> inner, StorageHook hook, std::string path)
        : inner_(std::move(inner)), hook_(std::move(hook)), path_(std::move(path)) {}
    Status Append(ByteView bytes) override {
      KVSTATE_RETURN_IF_ERROR(hook_("append", path_));
      return inner_->Append(bytes);
    }
    Status Close() override {
      KVSTATE_RETURN_IF_ERROR(hook_("close", path_));
      return inner_->Close();
    }

   private:
    const std::unique_ptr<StorageWriter> inner_;
    const StorageHook hook_;
    const std::string path_;
  };

  class Reader final : public StorageReader {
   public:
    Reader(std::unique_ptr<StorageReader> inner, StorageHook hook, std::string path)
        : inner_(std::move(inner)), hook_(std::move(hook)), path_(std::move(path)) {}
    uint64_t size() const override { return inner_->size(); }
    Status Read(uint64_t offset, size_t n, std::string* out) const override {
      KVSTATE_RETURN_IF_ERROR(hook_("read", path_));
      return inner_->Read(offset, n, out);
    }

   private:
    const std::unique_ptr<StorageReader> inner_;
    const StorageHook hook_;
    const std::string path_;
  };

  const std::shared_ptr<CheckpointStorage> inner_;
  const StorageHook hook_;
};

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_HOOKED_STORAGE_H_

#ifndef KVSTATE_TESTS_SUPPORT_FAILING_STORAGE_H_
#define KVSTATE_TESTS_SUPPORT_FAILING_STORAGE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kvstate/checkpoint_storage.h"

namespace kvstate::testing_support {

/// What a FailingStorage does when an operation's turn to fail has come.
struct FailurePlan {
  uint64_t fail_at = 0;       ///< The operation that fails, counted from 1; 0: none.
  bool from_then_on = false;  ///< So do all that follow, as if the storage had gone.
  StatusCode code = StatusCode::kInternal;
  bool half_append = false;       ///< A failing Append writes the first half of its bytes.
  bool late_publish = false;      ///< A failing Publish has put its file in place.
  bool leave_unfinished = false;  ///< Files that were not closed stay, as those of a killed process do.
};

/// A storage whose n-th operation fails: each Create, Append, Close, Publish, Open, Read, Remove and List counts. The
/// error names the file. Walking n upward until nothing fails tries every failure there can be. Thread-safe.
class FailingStorage final : public CheckpointStorage {
 public:
  /// Fails nothing until Arm.
  explicit FailingStorage(std::shared_ptr<CheckpointStorage> inner);

  /// Counts from 1 again.
  void Arm(const FailurePlan& plan);
  void Disarm() { Arm(FailurePlan()); }
  FailurePlan plan() const;
  /// Since Arm.
  uint64_t operations() const;
  /// Whether an operation was made to fail since Arm; and the file of the first.
  bool failed() const { return failed_path().has_value(); }
  std::optional<std::string> failed_path() const;
  /// Since Arm: "create chk-1/x", and so on, those that failed included.
  std::vector<std::string> log() const;

  std::string_view location() const override { return inner_->location(); }
  Result<std::unique_ptr<StorageWriter>> Create(std::string_view path) override;
  Status Publish(std::string_view path, ByteView bytes) override;
  Result<std::unique_ptr<StorageReader>> Open(std::string_view path) override;
  Status Remove(std::string_view path) override;
  Result<std::vector<StorageEntry>> List(std::string_view prefix) override;
  /// The inner one's; reads through an extension are not counted.
  void* GetExtension(std::string_view id) override { return inner_->GetExtension(id); }

 private:
  class Writer;
  class Reader;

  /// Counts an operation, and fails when it is its turn.
  Status Next(const char* operation, std::string_view path);

  const std::shared_ptr<CheckpointStorage> inner_;
  mutable std::mutex mutex_;
  FailurePlan plan_;  ///< Guarded by mutex_, as all that follows.
  std::vector<std::string> log_;
  std::optional<std::string> failed_path_;
};

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAILING_STORAGE_H_

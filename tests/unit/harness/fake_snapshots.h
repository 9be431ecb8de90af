#ifndef KVSTATE_TESTS_UNIT_HARNESS_FAKE_SNAPSHOTS_H_
#define KVSTATE_TESTS_UNIT_HARNESS_FAKE_SNAPSHOTS_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"
#include "kvstate/snapshots.h"

namespace kvstate::harness {

/// Opens and shuts; those who wait at it are let through once it is open, or told to stop.
class Gate {
 public:
  void Open() { Set(&open_); }
  void Cancel() { Set(&cancelled_); }
  /// False when it was cancelled.
  bool Pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ || cancelled_; });
    return !cancelled_;
  }

 private:
  void Set(bool* flag) {
    const std::lock_guard lock(mutex_);
    *flag = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  bool cancelled_ = false;
};

/// Snapshots of nothing, whose asynchronous parts last until they are let go, and then have written one file.
class FakeSnapshots final : public Snapshots {
 public:
  /// Held: each waits for its gate; else it goes through at once.
  explicit FakeSnapshots(bool held) : held_(held) {}

  Gate& gate(size_t i) { return *gates_.at(i); }
  size_t taken() const { return gates_.size(); }
  const std::vector<uint64_t>& confirmed() const { return confirmed_; }
  const std::vector<uint64_t>& aborted() const { return aborted_; }
  void FailSnapshot(Status status) { snapshot_status_ = std::move(status); }
  void FailRun(Status status) { run_status_ = std::move(status); }

  Result<std::unique_ptr<SnapshotTask>> Snapshot(uint64_t checkpoint_id, std::shared_ptr<CheckpointStorage> storage,
                                                 const SnapshotOptions& options) override {
    KVSTATE_RETURN_IF_ERROR(snapshot_status_);
    const auto& gate = gates_.emplace_back(std::make_shared<Gate>());
    if (!held_) gate->Open();
    return std::unique_ptr<SnapshotTask>(
        std::make_unique<Task>(checkpoint_id, std::move(storage), options.kind, gate, run_status_));
  }
  Status NotifyComplete(uint64_t checkpoint_id) override {
    confirmed_.push_back(checkpoint_id);
    return Status();
  }
  Status NotifyAborted(uint64_t checkpoint_id) override {
    aborted_.push_back(checkpoint_id);
    return Status();
  }
  Status Restore(std::span<const KeyedStateHandle>, std::shared_ptr<CheckpointStorage>,
                 const RestoreOptions&) override {
    return UnimplementedError("fake snapshots are not restored");
  }
  std::vector<SavedState> UnclaimedStates() const override { return {}; }

 private:
  class Task final : public SnapshotTask {
   public:
    Task(uint64_t id, std::shared_ptr<CheckpointStorage> storage, SnapshotKind kind, std::shared_ptr<Gate> gate,
         Status status)
        : id_(id), storage_(std::move(storage)), kind_(kind), gate_(std::move(gate)), status_(std::move(status)) {}

    Result<SnapshotResult> Run() override {
      if (!gate_->Pass()) return CancelledError("the snapshot was cancelled");
      KVSTATE_RETURN_IF_ERROR(status_);
      const std::string path = CheckpointFolder(kind_, id_) + "/data";
      KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StorageWriter> file, storage_->Create(path));
      KVSTATE_RETURN_IF_ERROR(file->Append("0123456789"));
      KVSTATE_RETURN_IF_ERROR(file->Close());
      SnapshotResult result;
      result.handle.kind = kind_;
      result.handle.checkpoint_id = id_;
      result.handle.backend = "fake";
      result.handle.max_parallelism = kDefaultMaxParallelism;
      result.handle.key_groups = {0, kDefaultMaxParallelism - 1};
      result.handle.key_serializer = RawBytesSerializer()->Snapshot();
      result.handle.files.push_back({"data", {path, 10, 0}, false});
      result.figures.bytes_written = 10;
      result.figures.files_new = 1;
      return result;
    }
    void Cancel() override { gate_->Cancel(); }

   private:
    const uint64_t id_;
    const std::shared_ptr<CheckpointStorage> storage_;
    const SnapshotKind kind_;
    const std::shared_ptr<Gate> gate_;
    const Status status_;
  };

  const bool held_;
  Status snapshot_status_;
  Status run_status_;
  std::vector<std::shared_ptr<Gate>> gates_;
  std::vector<uint64_t> confirmed_;
  std::vector<uint64_t> aborted_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_TESTS_UNIT_HARNESS_FAKE_SNAPSHOTS_H_

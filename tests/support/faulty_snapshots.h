#ifndef KVSTATE_TESTS_SUPPORT_FAULTY_SNAPSHOTS_H_
#define KVSTATE_TESTS_SUPPORT_FAULTY_SNAPSHOTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kvstate/keyed_state_backend.h"
#include "kvstate/snapshots.h"
#include "tests/support/faulty_backend.h"
#include "tests/support/faulty_timers.h"

namespace kvstate::testing_support {

/// The Snapshots of a backend, with one fault.
class FaultySnapshots final : public Snapshots {
 public:
  /// Makes a sound backend like the faulty one, of all key groups.
  using Maker = std::function<Result<std::unique_ptr<KeyedStateBackend>>()>;

  /// `name` is that of the backend in handles. `timers` are the backend's, and must live as long as this.
  FaultySnapshots(std::string name, std::shared_ptr<KeyedStateBackend> backend, Fault fault, FaultyTimers* timers,
                  Maker make_whole);

  Result<std::unique_ptr<SnapshotTask>> Snapshot(uint64_t checkpoint_id, std::shared_ptr<CheckpointStorage> storage,
                                                 const SnapshotOptions& options) override;
  Status NotifyComplete(uint64_t checkpoint_id) override { return inner_->NotifyComplete(checkpoint_id); }
  Status NotifyAborted(uint64_t checkpoint_id) override { return inner_->NotifyAborted(checkpoint_id); }
  Status Restore(std::span<const KeyedStateHandle> handles, std::shared_ptr<CheckpointStorage> storage,
                 const RestoreOptions& options) override;
  std::vector<SavedState> UnclaimedStates() const override { return inner_->UnclaimedStates(); }

 private:
  Result<std::unique_ptr<SnapshotTask>> SnapshotWithoutAKey(uint64_t checkpoint_id,
                                                            std::shared_ptr<CheckpointStorage> storage,
                                                            const SnapshotOptions& options);

  const std::string name_;
  const std::shared_ptr<KeyedStateBackend> backend_;
  Snapshots* const inner_;
  const Fault fault_;
  FaultyTimers* const timers_;
  const Maker make_whole_;
  uint64_t last_id_ = 0;
};

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAULTY_SNAPSHOTS_H_

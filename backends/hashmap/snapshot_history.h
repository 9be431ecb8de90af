#ifndef KVSTATE_BACKENDS_HASHMAP_SNAPSHOT_HISTORY_H_
#define KVSTATE_BACKENDS_HASHMAP_SNAPSHOT_HISTORY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "backends/checkpoint/delta_chain.h"
#include "backends/checkpoint/snapshot_writer.h"
#include "backends/hashmap/change_clock.h"
#include "kvstate/checkpoint.h"

namespace kvstate::backends::hashmap {

/// What one snapshot is to write.
struct SnapshotPlan {
  uint32_t epoch = 0;                   ///< It has what was changed before.
  std::shared_ptr<PendingChain> chain;  ///< Null: its stream belongs to it alone.
  /// What was changed in this epoch or later is all that must be appended to the chain; 0: it cannot be appended to.
  uint32_t append_base = 0;
  /// The same in place of all changes that the chain has; 0: they cannot be folded.
  uint32_t fold_base = 0;
  /// That it is to be appended is settled. Else changes have to be counted first, which is no work for the owner.
  bool appends = false;
  /// Views need the ChangeSets from here on.
  uint32_t sets_from = 0;
};

/// The snapshots of one backend that others may build on, and what was changed between them. Owner's thread.
class SnapshotHistory {
 public:
  ChangeClock& clock() { return clock_; }

  /// Ends the epoch.
  SnapshotPlan Begin(const SnapshotWriter& writer, const KeyedStateHandle& handle);
  void Confirm(uint64_t checkpoint_id);
  void Abort(uint64_t checkpoint_id);
  /// The next increment can build on this chain, of which `entries` were restored.
  void Claim(DeltaChain chain, uint64_t entries);
  /// A state of that name is gone. Another one of that name must not be taken for it.
  void StateDropped(std::string_view name) { dropped_[std::string(name)] = clock_.epoch; }

 private:
  struct Mark {
    uint32_t epoch = 0;
    uint64_t changes = 0;                 ///< ChangeClock::changes then.
    std::shared_ptr<PendingChain> chain;  ///< While it is neither confirmed nor aborted.
  };

  void PlanIncrement(SnapshotPlan& plan, const KeyedStateHandle& handle) const;
  bool HasNewStateOfOldName(const KeyedStateHandle& handle, uint32_t since) const;
  void ForgetUnneeded();

  ChangeClock clock_;
  DeltaChains chains_;
  std::map<uint64_t, Mark> marks_;  ///< By checkpoint id.
  std::map<std::string, uint32_t, std::less<>> dropped_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_SNAPSHOT_HISTORY_H_

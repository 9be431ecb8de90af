#ifndef KVSTATE_BACKENDS_COMMON_TTL_CLEANER_H_
#define KVSTATE_BACKENDS_COMMON_TTL_CLEANER_H_

#include <cstdint>
#include <memory>

#include "backends/common/ttl_filter.h"
#include "kvstate/clock.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/status.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::backends {

/// Removes expired values from one stored state, a batch now and then, by walking it with its visitor. Owner's thread.
class TtlCleaner {
 public:
  /// `stored` is of a TtlStoredDescriptor, and outlives this. `entries_per_access`: 0 leaves the work to Sweep.
  TtlCleaner(InternalKVState& stored, std::shared_ptr<const Clock> clock, uint32_t entries_per_access);
  ~TtlCleaner();

  /// To be called once for each access: before a read of the stored state, after a write to it, since it may remove
  /// what the caller has a pointer to. It counts, and mostly does nothing.
  Status OnAccess() {
    if (--accesses_left_ > 0) [[likely]]
      return Status();
    return Work();
  }
  /// An access met an expired value and removed it.
  void CountRemoved() { ++figures_.entries_removed; }

  /// Looks at up to `max_entries` entries, whatever the pace. True at the end of a pass.
  Result<bool> Sweep(uint64_t max_entries);
  TtlFigures& figures() { return figures_; }

 private:
  Status Work();

  InternalKVState& stored_;
  const std::shared_ptr<const Clock> clock_;
  const uint32_t entries_per_access_;
  int64_t accesses_left_ = INT64_MAX;
  std::unique_ptr<StateVisitor> visitor_;
  TtlFigures figures_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_CLEANER_H_

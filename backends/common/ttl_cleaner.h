#ifndef KVSTATE_BACKENDS_COMMON_TTL_CLEANER_H_
#define KVSTATE_BACKENDS_COMMON_TTL_CLEANER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "backends/common/ttl_pace.h"
#include "backends/common/ttl_walk.h"
#include "kvstate/clock.h"
#include "kvstate/status.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::backends {

/// Removes expired values from one stored state, a batch now and then: as many entries as its pace (ttl_pace.h) asks
/// for, and never more than accesses have paid for. Owner's thread.
class TtlCleaner {
 public:
  /// `walk` is over the stored state, which outlives this. `entries_per_access`: 0 leaves the work to Sweep.
  TtlCleaner(std::string state, std::unique_ptr<TtlWalk> walk, std::shared_ptr<const Clock> clock, int64_t ttl_millis,
             uint32_t entries_per_access);
  ~TtlCleaner();

  /// To be called once for each access: before a read of the stored state, after a write to it, since it may remove
  /// what the caller has a pointer to. It counts, and mostly does nothing. An error is of the removal, and says so.
  Status OnAccess() {
    if (--accesses_left_ > 0) [[likely]]
      return Status();
    return Work();
  }
  /// An access met an expired value and removed it.
  void CountRemoved() { ++figures_.entries_removed; }

  /// From here on Sweep wants a pass of its own.
  void BeginSweep();
  /// Looks at up to `max_entries` entries, whatever the pace, and takes from `max_entries` what it did. True at the end
  /// of a pass.
  Result<bool> Sweep(uint64_t* max_entries);
  /// Whether accesses have cleanup done.
  bool is_incremental() const { return entries_per_access_ > 0; }
  const TtlFigures& figures() const { return figures_; }

 private:
  Status Work();
  Status Step(uint64_t max_entries, int64_t now, TtlWalk::Step* step);

  const std::unique_ptr<TtlWalk> walk_;
  const std::shared_ptr<const Clock> clock_;
  const uint32_t entries_per_access_;
  const int64_t accesses_per_look_;  ///< At the clock.
  int64_t accesses_left_;
  TtlPace pace_;
  TtlFigures figures_;
  uint32_t batches_ = 0;
  double time_per_size_ns_ = 0;  ///< Of the batch that was timed last, whose size is its entries and one.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_CLEANER_H_

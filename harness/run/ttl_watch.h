#ifndef KVSTATE_HARNESS_RUN_TTL_WATCH_H_
#define KVSTATE_HARNESS_RUN_TTL_WATCH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/replay/replay_hook.h"
#include "harness/replay/trace.h"
#include "harness/run/ttl_oracle.h"
#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What a backend has stored at a moment, by a walk over it. Bytes: composite keys, and values as engines store them,
/// their times included; a list's key is live while any element is.
struct StoredAtMoment {
  uint64_t live_values = 0;
  uint64_t live_bytes = 0;
  uint64_t expired_values = 0;
  uint64_t expired_bytes = 0;
  /// Expired values by the moment at which they had first expired, up to this one. Absent where nothing has a time.
  std::optional<std::vector<uint64_t>> expired_of_moment;
  std::optional<uint64_t> disk_bytes;
};

/// What sweeps during a replay, and looks at what is stored: between operations, where the plan says.
class TtlWatch final : public ReplayHook {
 public:
  struct Plan {
    const std::vector<TtlMoment>* moments = nullptr;  ///< Null: looks at nothing. Must outlive the watch.
    std::vector<uint64_t> sweeps;                     ///< Operations after which to sweep, ascending.
    uint64_t sweep_entries = 0;
  };

  /// All must outlive the watch. `replayed` has the states of `trace` as this replay treats them. Looked at are those
  /// that expire in `trace`, even where they do not in this replay.
  TtlWatch(KeyedStateBackend* backend, ManualClock* clock, const TraceSource* trace, const TraceSource* replayed,
           Plan plan);

  Status Between(const ReplayMoment& moment) override;
  /// After the last operation: looks at the moments that are left.
  Status Finish();

  const std::vector<StoredAtMoment>& stored() const { return stored_; }

 private:
  Status Look();
  Status WalkTimed(const TraceState& state, StoredAtMoment* stored);
  Status WalkUntimed(const TraceState& state, StoredAtMoment* stored);
  void Await();

  KeyedStateBackend& backend_;
  ManualClock& clock_;
  const TraceSource& trace_;
  const TraceSource& replayed_;
  const Plan plan_;
  size_t next_sweep_ = 0;
  std::vector<StoredAtMoment> stored_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_TTL_WATCH_H_

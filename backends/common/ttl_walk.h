#ifndef KVSTATE_BACKENDS_COMMON_TTL_WALK_H_
#define KVSTATE_BACKENDS_COMMON_TTL_WALK_H_

#include <cstdint>

#include "kvstate/status.h"

namespace kvstate::backends {

/// Removes from one stored state of a TtlStoredDescriptor what has expired, some entries at a time, by key groups in
/// order: of a list its expired elements, and the list with the last of them. What is there during a whole pass is met
/// at least once, whatever the owner does between two calls. Keeps nothing of an engine open between them. Removals are
/// changes as any others, to snapshots too. Owner's thread.
class TtlWalk {
 public:
  virtual ~TtlWalk() = default;

  struct Step {
    uint64_t examined = 0;
    uint64_t removed = 0;  ///< Entries, of lists those of which nothing is left.
    /// No time of what was left is before it. Never more is known of lists than that.
    int64_t oldest = INT64_MAX;
    uint32_t passed_key_groups = 0;  ///< Of key_groups(), in this pass so far.
    bool at_end = false;             ///< The pass is complete; the next step begins another one.
  };
  /// Looks at up to `max_entries` further entries: fewer at the end, and where they are large. `step` is overwritten,
  /// and says what was done after an error too. After DATA_LOSS of an entry, which is left as it is, the next step goes
  /// on behind it; after another error, where this one stopped.
  virtual Status Next(uint64_t max_entries, int64_t now, Step* step) = 0;
  /// The next step begins a pass.
  virtual void Restart() = 0;
  /// Of the backend: at least 1.
  virtual uint32_t key_groups() const = 0;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_WALK_H_

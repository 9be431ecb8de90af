#ifndef KVSTATE_BACKENDS_COMMON_TTL_PACE_H_
#define KVSTATE_BACKENDS_COMMON_TTL_PACE_H_

#include <cstdint>

#include "backends/common/ttl_walk.h"

namespace kvstate::backends {

/// When cleanup looks at how much, so that little that has expired stays and no more work is done than that takes.
///
/// A pass over a state takes a third of the time to live, and the next one begins where it ends. Where r entries come a
/// second and are not touched again, r * ttl of them live. A pass meets each place once in its period p, so an entry
/// that expires stays p / 2 on average: r * p / 2 are expired, p / (2 * ttl) of those that live. With p = ttl / 3 that
/// is one sixth, below the fifth that is promised. A place has r * p expired ones just before it is met, so that an
/// entry is looked at 3 * (1 + 1/3) = 4 times. It holds at every moment only if a pass is spread evenly over its
/// period: done at once at the end of each, up to r * p are expired. So key groups, which are of about one size, are
/// due one after another as the clock goes on, and within a group entries, as many as groups have by the experience of
/// this pass or the last one.
///
/// No pass begins before something can have expired: the oldest of what the last one left, or what came since it began.
/// The clock may stand still, jump, and go backwards.
class TtlPace {
 public:
  /// The first pass begins now, since nobody knows what is there.
  TtlPace(int64_t ttl_millis, uint32_t key_groups, int64_t now);

  /// How many entries should be looked at now; 0: not yet enough to begin. UINT64_MAX: the pass is late.
  uint64_t Due(int64_t now);
  /// A step of a walk was made.
  void Count(const TtlWalk::Step& step, int64_t now);
  /// The pass that is on does not count any more.
  void Restart(int64_t now);

  int64_t period() const { return period_; }

 private:
  uint64_t EntriesInGroup() const;
  void EndPass(int64_t now);
  void ForgetPass();

  const int64_t ttl_millis_;
  const int64_t period_;
  const uint32_t key_groups_;
  int64_t latest_;                 ///< What the clock said last.
  int64_t start_;                  ///< When the pass should begin.
  bool on_ = false;                ///< The pass has begun.
  int64_t began_ = 0;              ///< When it did.
  int64_t oldest_ = INT64_MAX;     ///< Of what the pass left.
  uint64_t examined_ = 0;          ///< In the pass.
  uint32_t passed_groups_ = 0;     ///< In the pass.
  uint64_t of_passed_groups_ = 0;  ///< So many of examined_ are of those, or a few less.
  uint64_t of_last_pass_ = 0;      ///< Entries of the last whole pass.
  bool has_last_pass_ = false;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_PACE_H_

#ifndef KVSTATE_WORKLOADS_SOURCES_ACTIVE_KEYS_H_
#define KVSTATE_WORKLOADS_SOURCES_ACTIVE_KEYS_H_

#include <cstdint>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "workloads/sources/random.h"

namespace kvstate::workloads {

/// A stream cut into epochs of as many events each, in which a given number of distinct keys occur, no more and no
/// fewer: what changes between two checkpoints is then known beforehand, whatever the distribution.
///
/// At the start of an epoch keys are drawn until there are enough distinct ones; these are active. Each then occurs
/// once, in the order in which it was first drawn; the epoch's other events are draws among the active ones, in the
/// proportions of the distribution. So popular keys are active in most epochs, as in a stream that is not cut.
class ActiveKeys {
 public:
  /// `draw` gives a key's id, out of at least `active` ones that start at 0; `uniform`: each is as likely.
  /// REQUIRES: 1 <= active <= epoch_events.
  ActiveKeys(uint64_t active, uint64_t epoch_events, bool uniform, std::function<uint64_t()> draw)
      : active_(active), epoch_events_(epoch_events), uniform_(uniform), draw_(std::move(draw)) {}

  /// The id of the next event. `random` is for draws among the active ones.
  uint64_t Next(Random& random);

 private:
  void StartEpoch();

  const uint64_t active_;
  const uint64_t epoch_events_;
  const bool uniform_;
  const std::function<uint64_t()> draw_;
  uint64_t next_ = 0;          ///< In the epoch.
  std::vector<uint64_t> ids_;  ///< The active ones, in the order of their first draw.
  std::unordered_set<uint64_t> is_active_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_ACTIVE_KEYS_H_

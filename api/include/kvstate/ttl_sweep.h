#ifndef KVSTATE_TTL_SWEEP_H_
#define KVSTATE_TTL_SWEEP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// What cleanup of one state has done since the backend was made. docs/metrics.md defines each.
struct TtlFigures {
  std::string state;
  uint64_t entries_examined = 0;  ///< By incremental cleanup and sweeps; of a list all its elements count as one entry.
  uint64_t entries_removed =
      0;                ///< By them, and by accesses that met an expired value. A list counts when it is empty.
  uint64_t passes = 0;  ///< Over the whole state, completed.
  uint64_t cleanup_time_ns = 0;  ///< Processor time of the owner's thread in incremental cleanup and sweeps.
  /// By the engine while it compacted; absent where it has no compaction filter.
  std::optional<uint64_t> filter_entries_examined;
  std::optional<uint64_t> filter_entries_removed;
  /// Compactions for the sake of expired values alone, and what they wrote.
  std::optional<uint64_t> sweep_compactions;
  std::optional<uint64_t> sweep_bytes_written;
};

/// Extension of a KeyedStateBackend: cleanup of states with a time to live that nobody accesses. Owner's thread.
class KVSTATE_EXPORT TtlSweep {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.ttl_sweep.1";
  virtual ~TtlSweep();

  /// Goes on with cleanup where it stopped, whatever the states' own pace: looks at up to `max_entries` entries over
  /// all states with incremental cleanup, and lets the engine begin to rewrite what is mostly expired where it has a
  /// compaction filter. True when a pass over every such state is complete that began no earlier than the first call
  /// after the last true. To be called when there is nothing else to do, or by a timer.
  virtual Result<bool> Sweep(uint64_t max_entries) = 0;
  /// One for each state with a time to live, in the order of StateNames.
  virtual std::vector<TtlFigures> Figures() const = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_TTL_SWEEP_H_

#ifndef KVSTATE_TTL_SWEEP_H_
#define KVSTATE_TTL_SWEEP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
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
  /// Processor time of the owner's thread in incremental cleanup and sweeps, from a sample of their batches.
  uint64_t cleanup_time_ns = 0;
  /// By the engine while it compacted; absent where it has no compaction filter.
  std::optional<uint64_t> filter_entries_examined;
  std::optional<uint64_t> filter_entries_removed;
  /// Compactions for the sake of expired values alone, and what they wrote.
  std::optional<uint64_t> sweep_compactions;
  std::optional<uint64_t> sweep_bytes_written;
};

/// A stored value with its time, whether it has expired or not: of a list one element, of a map one entry. Views are
/// valid during the call that gets them.
struct TimedValue {
  ByteView key;              ///< Canonical bytes.
  ByteView state_namespace;  ///< Canonical bytes.
  ByteView user_key;         ///< Canonical bytes; empty unless the state is a map.
  int64_t timestamp = 0;     ///< Milliseconds: of its last update.
  uint64_t bytes = 0;        ///< Of the value as an engine stores it, its time included (docs/formats.md).
};

/// Extension of a KeyedStateBackend: cleanup of states with a time to live that nobody accesses. Owner's thread.
class KVSTATE_EXPORT TtlSweep {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.ttl_sweep.1";
  virtual ~TtlSweep();

  /// Goes on with cleanup where it stopped, whatever the states' own pace: looks at about `max_entries` entries over
  /// all states but those that an engine's compaction filter alone cleans, and lets that engine begin to rewrite what
  /// is mostly expired. True when a pass over every such state is complete that began no earlier than the first call
  /// after the last true. To be called when there is nothing else to do, or by a timer.
  virtual Result<bool> Sweep(uint64_t max_entries) = 0;
  /// One for each state with a time to live, in the order of StateNames.
  virtual std::vector<TtlFigures> Figures() const = 0;
  /// Calls `visit` for every value that the state has stored, entry by entry, in any order of entries, and removes
  /// none: for measuring what cleanup has left. Walks and serializes all. `visit` must not use the backend; its first
  /// failure ends it. NOT_FOUND when there is no such state; INVALID_ARGUMENT when it has no time to live.
  virtual Status VisitStored(std::string_view state_name,
                             const std::function<Status(const TimedValue& value)>& visit) = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_TTL_SWEEP_H_

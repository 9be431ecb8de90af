#ifndef KVSTATE_BACKENDS_COMMON_SNAPSHOT_FILTER_H_
#define KVSTATE_BACKENDS_COMMON_SNAPSHOT_FILTER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "backends/common/ttl_filter.h"
#include "kvstate/bytes.h"
#include "kvstate/clock.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Leaves out of a whole state stream what of one state has expired, where TtlCleanup::in_full_snapshots asks for it.
/// Streams of changes are not filtered: they say what has become of entries that a whole stream may have.
///
/// One thread at a time.
class SnapshotFilter {
 public:
  /// Leaves nothing out.
  SnapshotFilter() = default;
  /// Of a stored state, by what the clock says now.
  SnapshotFilter(const StateDescriptor& stored, const Clock& clock);

  /// Whether an entry is written. Sets `*value` to what is left of a list, which is valid until the next call.
  /// DATA_LOSS as TtlFilter::Check, naming the state.
  Result<bool> Admit(ByteView* value) {
    if (!filter_.has_value()) return true;
    return Check(value);
  }

 private:
  Result<bool> Check(ByteView* value);

  std::optional<TtlFilter> filter_;
  std::string state_;
  int64_t now_ = 0;
  std::string left_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_SNAPSHOT_FILTER_H_

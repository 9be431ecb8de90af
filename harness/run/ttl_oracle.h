#ifndef KVSTATE_HARNESS_RUN_TTL_ORACLE_H_
#define KVSTATE_HARNESS_RUN_TTL_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// A moment of a trace at which stored values are looked at, and what a backend must have by then. Values are single
/// values, elements of lists and entries of maps, of states with a time to live.
struct TtlMoment {
  uint64_t operations = 0;  ///< Done by then: all whose time is at or before time_ms.
  int64_t time_ms = 0;
  uint64_t live_values = 0;
  uint64_t live_bytes = 0;      ///< Composite keys and values as an engine would store them without times.
  uint64_t values_expired = 0;  ///< Whose time to live ended after the moment before.
  friend bool operator==(const TtlMoment&, const TtlMoment&) = default;
};

/// What must be live and what must have expired at so many moments, evenly over the trace's time, the last at its end:
/// from the trace alone, which knows the time of each write, and of each read where reads count. A value that is
/// overwritten or removed before its time is over has not expired.
///
/// UNIMPLEMENTED, naming state and operation, where the trace does not say what an operation does to times or sizes:
/// iterators that change entries, walks that refresh what they read, merges of other states than lists, accumulators of
/// variable size.
Result<std::vector<TtlMoment>> ExpectTtl(TraceSource& trace, size_t moments, const std::function<bool()>& stopped);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_TTL_ORACLE_H_

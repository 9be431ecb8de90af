#include "workloads/operators/event_time.h"

#include <string>

namespace kvstate::workloads {

Status CheckEventTime(int64_t time_ms) {
  if (time_ms >= -kMaxEventTimeMs && time_ms <= kMaxEventTimeMs) [[likely]]
    return Status();
  return OutOfRangeError("event time " + std::to_string(time_ms) + " ms: it must lie within -2^60 and 2^60 ms");
}

}  // namespace kvstate::workloads

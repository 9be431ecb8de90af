#include "workloads/operators/event_time.h"

#include <string>

namespace kvstate::workloads {

Status CheckEventTime(int64_t time_ms) {
  if (time_ms >= -kMaxEventTimeMs && time_ms <= kMaxEventTimeMs) [[likely]]
    return Status();
  return OutOfRangeError("event time " + std::to_string(time_ms) + " ms: it must lie within -2^60 and 2^60 ms");
}

void BoundedWatermark::Save(ByteWriter& to) const {
  to.PutFixed64(static_cast<uint64_t>(value_));
  to.PutFixed64(static_cast<uint64_t>(next_));
}

bool BoundedWatermark::Restore(ByteReader& from) {
  uint64_t value = 0;
  uint64_t next = 0;
  if (!from.ReadFixed64(&value) || !from.ReadFixed64(&next)) return false;
  value_ = static_cast<int64_t>(value);
  next_ = static_cast<int64_t>(next);
  return true;
}

}  // namespace kvstate::workloads

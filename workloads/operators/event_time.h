#ifndef KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_H_
#define KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_H_

#include <algorithm>
#include <cstdint>

#include "kvstate/status.h"

namespace kvstate::workloads {

/// Event times lie within ±this, so that a window's end never overflows.
inline constexpr int64_t kMaxEventTimeMs = int64_t{1} << 60;
/// Windows, gaps and bounds are no longer than this.
inline constexpr int64_t kMaxDurationMs = int64_t{1} << 50;

/// OUT_OF_RANGE, naming the time, unless it lies within ±kMaxEventTimeMs.
Status CheckEventTime(int64_t time_ms);

/// The watermark of a stream whose events come late by at most a bound: no event at or before it is still expected.
class BoundedWatermark {
 public:
  explicit BoundedWatermark(int64_t bound_ms) : bound_ms_(bound_ms) {}
  int64_t value() const { return value_; }
  void Observe(int64_t event_time_ms) { value_ = std::max(value_, event_time_ms - bound_ms_ - 1); }
  /// The stream is at its end: nothing more is expected.
  void Close() { value_ = INT64_MAX; }

 private:
  const int64_t bound_ms_;
  int64_t value_ = INT64_MIN;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_H_

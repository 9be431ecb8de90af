#ifndef KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_H_
#define KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_H_

#include <algorithm>
#include <cstdint>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::workloads {

/// Event times lie within ±this, so that a window's end never overflows.
inline constexpr int64_t kMaxEventTimeMs = int64_t{1} << 60;
/// Windows, gaps and bounds are no longer than this.
inline constexpr int64_t kMaxDurationMs = int64_t{1} << 50;

/// OUT_OF_RANGE, naming the time, unless it lies within ±kMaxEventTimeMs.
Status CheckEventTime(int64_t time_ms);

/// The watermark of a stream whose events come late by at most a bound: no event at or before it is still expected. It
/// moves in steps of at least an interval, as jobs emit theirs now and then and not for each event, so that what is due
/// fires in bursts.
class BoundedWatermark {
 public:
  explicit BoundedWatermark(int64_t bound_ms, int64_t interval_ms = 0)
      : bound_ms_(bound_ms), interval_ms_(interval_ms) {}
  int64_t value() const { return value_; }
  /// Whether it moved.
  bool Observe(int64_t event_time_ms) {
    const int64_t reached = event_time_ms - bound_ms_ - 1;
    if (reached < next_) [[likely]]
      return false;
    value_ = reached;
    next_ = reached + std::max<int64_t>(interval_ms_, 1);
    return true;
  }
  /// The stream is at its end: nothing more is expected.
  void Close() { value_ = INT64_MAX; }

  void Save(ByteWriter& to) const;
  /// False when there are too few bytes.
  bool Restore(ByteReader& from);

 private:
  const int64_t bound_ms_;
  const int64_t interval_ms_;
  int64_t value_ = INT64_MIN;
  int64_t next_ = INT64_MIN;  ///< The least that it may move to.
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_EVENT_TIME_H_

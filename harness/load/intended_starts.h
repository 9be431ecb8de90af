#ifndef KVSTATE_HARNESS_LOAD_INTENDED_STARTS_H_
#define KVSTATE_HARNESS_LOAD_INTENDED_STARTS_H_

#include <cstdint>

#include "harness/load/load_settings.h"
#include "workloads/sources/random.h"

namespace kvstate::harness {

/// When each operation of a trace is to begin, whatever becomes of those before it. Not thread-safe.
class IntendedStarts {
 public:
  explicit IntendedStarts(const PaceSettings& settings) : settings_(settings), random_(settings.seed) {}

  /// Of the next operation, in nanoseconds after that of the first; never before the last one given. `time_ms`: the
  /// trace's time at it; where that goes back, the latest until then counts.
  uint64_t NextNs(int64_t time_ms);

 private:
  uint64_t AtTraceTime(int64_t time_ms);
  uint64_t AfterGap();

  const PaceSettings settings_;
  workloads::Random random_;
  uint64_t next_ = 0;
  uint64_t last_ns_ = 0;
  double rest_ns_ = 0;  ///< Below 1.
  int64_t first_time_ms_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_INTENDED_STARTS_H_

#ifndef KVSTATE_HARNESS_PROBES_THROUGHPUT_LOG_H_
#define KVSTATE_HARNESS_PROBES_THROUGHPUT_LOG_H_

#include <cstdint>
#include <vector>

#include "harness/replay/replay_hook.h"

namespace kvstate::harness {

/// How many operations a replay had done at which time, from some moment on. Not thread-safe.
class ThroughputLog {
 public:
  /// Forgets what was before.
  void StartAt(const ReplayMoment& moment) { moments_.assign(1, moment); }
  /// REQUIRES: StartAt was called; `moment` is not before the last one.
  void Add(const ReplayMoment& moment) { moments_.push_back(moment); }

  const ReplayMoment& first() const { return moments_.front(); }
  const ReplayMoment& last() const { return moments_.back(); }
  /// Operations done at a time between the first moment and the last; between two of them as if at a steady rate.
  double OperationsAt(uint64_t time_ns) const;

 private:
  std::vector<ReplayMoment> moments_{ReplayMoment{}};
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_THROUGHPUT_LOG_H_

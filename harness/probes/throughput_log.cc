#include "harness/probes/throughput_log.h"

#include <algorithm>

namespace kvstate::harness {

double ThroughputLog::OperationsAt(uint64_t time_ns) const {
  const auto after = std::lower_bound(moments_.begin(), moments_.end(), time_ns,
                                      [](const ReplayMoment& m, uint64_t time) { return m.time_ns < time; });
  if (after == moments_.begin()) return static_cast<double>(moments_.front().operations);
  if (after == moments_.end()) return static_cast<double>(moments_.back().operations);
  const ReplayMoment& before = *(after - 1);
  const double share =
      static_cast<double>(time_ns - before.time_ns) / static_cast<double>(after->time_ns - before.time_ns);
  return static_cast<double>(before.operations) + share * static_cast<double>(after->operations - before.operations);
}

}  // namespace kvstate::harness

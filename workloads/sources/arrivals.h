#ifndef KVSTATE_WORKLOADS_SOURCES_ARRIVALS_H_
#define KVSTATE_WORKLOADS_SOURCES_ARRIVALS_H_

#include <cstdint>

#include "workloads/sources/random.h"

namespace kvstate::workloads {

enum class ArrivalProcess {
  kConstant,  ///< Evenly spaced.
  kPoisson,   ///< Gaps are exponential: as events of many independent causes come.
  kBursts,    ///< All of a period's events come, evenly spaced, in its first part.
};

struct ArrivalOptions {
  ArrivalProcess process = ArrivalProcess::kConstant;
  uint64_t events_per_second = 1;
  uint64_t burst_period_ms = 1000;
  uint64_t burst_percent = 10;  ///< Of the period in which events come, 1 to 100.
};

/// When events happen: the first at 0, then later and later at the mean rate. Not thread-safe.
class Arrivals {
 public:
  explicit Arrivals(const ArrivalOptions& options) : options_(options) {}

  /// Of the next event, in microseconds. kPoisson alone draws from `random`.
  uint64_t NextUs(Random& random);

 private:
  uint64_t EvenUs();

  const ArrivalOptions options_;
  uint64_t next_ = 0;
  uint64_t poisson_us_ = 0;
  double poisson_rest_us_ = 0;  ///< Below 1.
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_ARRIVALS_H_

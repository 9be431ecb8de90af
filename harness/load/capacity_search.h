#ifndef KVSTATE_HARNESS_LOAD_CAPACITY_SEARCH_H_
#define KVSTATE_HARNESS_LOAD_CAPACITY_SEARCH_H_

#include <cstdint>
#include <functional>

#include "kvstate/status.h"

namespace kvstate::harness {

/// What became of a load at one rate.
struct RateProbe {
  bool holds = false;      ///< The quantile kept the objective, and the backend kept up.
  double response_ns = 0;  ///< The quantile; 0 where the probe was given up.
};

struct Capacity {
  double held = 0;    ///< The highest rate that kept the objective; 0: none did.
  double failed = 0;  ///< The lowest above it that did not; 0: all did.
  uint64_t probes = 0;
};

/// How far apart the two rates are in the end, at most.
inline constexpr double kCapacityPrecision = 1.03;
/// Rates that are tried, in parts and multiples of the closed loop's throughput.
inline constexpr double kCapacityFirst = 0.75;
inline constexpr double kCapacityLeast = 1.0 / 256;
inline constexpr double kCapacityMost = 16;

/// Looks for the highest rate at which a load keeps its objective: from kCapacityFirst of `closed_loop_rate` up or down
/// until one holds and one does not, then by halving the ratio between them. Close to the border chance decides, so
/// there (a response time within a factor of two of `objective_ns`, or rates within a quarter) the best of three probes
/// counts. REQUIRES: closed_loop_rate > 0.
Result<Capacity> FindCapacity(double closed_loop_rate, double objective_ns,
                              const std::function<Result<RateProbe>(double rate)>& probe);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_CAPACITY_SEARCH_H_

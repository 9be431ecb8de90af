#ifndef KVSTATE_HARNESS_LOAD_LOAD_SETTINGS_H_
#define KVSTATE_HARNESS_LOAD_LOAD_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kvstate/status.h"

namespace kvstate::harness {

enum class Pace : uint8_t {
  kClosed,  ///< The next operation when the one before is done.
  kTrace,   ///< At the trace's own time, or a multiple of its speed.
  kRate,    ///< So many operations a second.
};

inline constexpr double kLeastRate = 0.001;
inline constexpr double kMostRate = 1e9;
inline constexpr double kLeastSpeed = 1e-6;
inline constexpr double kMostSpeed = 1e9;
inline constexpr uint32_t kMostInstances = 1024;
inline constexpr double kLeastObjectiveMs = 0.0001;
inline constexpr double kMostObjectiveMs = 3'600'000;

/// When operations are to begin.
struct PaceSettings {
  Pace pace = Pace::kClosed;
  double speed = 1;      ///< kTrace: times the trace's.
  double rate = 0;       ///< kRate: operations a second, of all instances together.
  bool poisson = false;  ///< kRate: gaps are exponential; else all the same.
  uint64_t seed = 1;     ///< kRate with poisson.
};

/// What a capacity search looks for.
struct CapacityObjective {
  double latency_ms = 0;
  std::string quantile = "p99";  ///< A name that ParseQuantile knows.
};

/// How a trace is put on the backends beside its replay as it is.
struct LoadSettings {
  PaceSettings pace;
  uint32_t parallelism = 1;
  /// Given: the highest rate is looked for; `pace` says the arrivals alone.
  std::optional<CapacityObjective> capacity;
};

/// 0.99 for "p99": of p50, p90, p99, p999. INVALID_ARGUMENT that lists them.
Result<double> ParseQuantile(std::string_view name);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_LOAD_SETTINGS_H_

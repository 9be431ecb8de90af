#ifndef KVSTATE_HARNESS_RUN_SUITE_SWEEP_H_
#define KVSTATE_HARNESS_RUN_SUITE_SWEEP_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/suite.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// The values that one parameter of an entry takes in turn.
struct SweepAxis {
  std::string part;  ///< "source" or "operator".
  std::string parameter;
  std::vector<std::string> values;  ///< Not empty.
};

inline constexpr double kLeastScale = 1e-6;
inline constexpr double kMostScale = 1e6;
/// The most entries that a suite has.
inline constexpr size_t kMaxSuiteEntries = 1000;

/// From "source.value_bytes" and its values. INVALID_ARGUMENT when it is not <part>.<parameter>, or a value stands
/// twice, or there are none.
Result<SweepAxis> MakeSweepAxis(std::string_view path, std::vector<std::string> values);

/// The entry with each combination of values, the last axis varying fastest; their names are the entry's with
/// "/<parameter>=<value>" behind it for each axis. INVALID_ARGUMENT when there would be more than kMaxSuiteEntries, or
/// a parameter stands twice.
Result<std::vector<SuiteWorkload>> ExpandSweep(const SuiteWorkload& entry, const std::vector<SweepAxis>& axes);

/// Whether the entry is a variant that has a value of this parameter in its name.
bool IsSwept(const SuiteWorkload& entry, std::string_view parameter);

/// Applies "value_rmw_zipf.source.value_bytes=10:100:1000,*.operator.window_ms=5:50": entry (by name, or glob), part,
/// parameter, and its values. An entry that several apply to takes all combinations. INVALID_ARGUMENT for a parameter
/// that the suite sweeps, and where two entries would have one name.
Status SweepParameters(Suite* suite, std::string_view assignments);

/// Makes everything that grows with a stream's size `factor` times as large: the source's parameters that scale, events
/// that fill, and intervals of checkpoints in operations. At least 1 is left of each. INVALID_ARGUMENT when the factor
/// is not from 0.000001 to 1000000, or a parameter is out of its range then.
Status ScaleSuite(Suite* suite, double factor);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_SUITE_SWEEP_H_

#ifndef KVSTATE_BACKENDS_INTERFACE_TAX_SUMMARY_H_
#define KVSTATE_BACKENDS_INTERFACE_TAX_SUMMARY_H_

#include <iosfwd>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "backends/interface_tax/comparison.h"

namespace kvstate::interface_tax {

/// Median and quartiles of some ratios.
struct Spread {
  double q1 = 0;
  double median = 0;
  double q3 = 0;
};

/// REQUIRES: values is not empty.
Spread SpreadOf(std::vector<double> values);

/// Of the ratios (Pair::cpu_ratio or wall_ratio) of a comparison's pairs of slices. Absent when none was run.
using PairRatio = double (Comparison::Pair::*)() const;
std::optional<Spread> RatioOf(const Comparison& comparison, PairRatio ratio);

using Comparisons = std::vector<std::unique_ptr<Comparison>>;

/// Over the operations of one backend: of the medians of its comparisons. Absent when none was run.
std::optional<Spread> RatioOverOperations(const Comparisons& comparisons, std::string_view backend, PairRatio ratio);

/// One line a comparison and one a backend.
void PrintSummary(const Comparisons& comparisons, std::ostream& out);

}  // namespace kvstate::interface_tax

#endif  // KVSTATE_BACKENDS_INTERFACE_TAX_SUMMARY_H_

#include "backends/interface_tax/summary.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>

namespace kvstate::interface_tax {

namespace {

/// Linear between the two nearest ranks.
double QuantileOfSorted(const std::vector<double>& sorted, double quantile) {
  const double rank = quantile * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(rank));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double MedianNanoseconds(const Comparison& comparison, Comparison::Time Comparison::Pair::*side) {
  std::vector<double> each;
  for (const Comparison::Pair& pair : comparison.pairs()) each.push_back((pair.*side).cpu_seconds);
  return SpreadOf(each).median * 1e9 / static_cast<double>(comparison.slice_operations());
}

template <class... Arguments>
void Print(std::ostream& out, const char* format, Arguments... arguments) {
  char line[256];
  std::snprintf(line, sizeof(line), format, arguments...);
  out << line;
}

}  // namespace

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {QuantileOfSorted(values, 0.25), QuantileOfSorted(values, 0.5), QuantileOfSorted(values, 0.75)};
}

std::optional<Spread> RatioOf(const Comparison& comparison, PairRatio ratio) {
  if (comparison.pairs().empty()) return std::nullopt;
  std::vector<double> ratios;
  for (const Comparison::Pair& pair : comparison.pairs()) ratios.push_back((pair.*ratio)());
  return SpreadOf(std::move(ratios));
}

std::optional<Spread> RatioOverOperations(const Comparisons& comparisons, std::string_view backend, PairRatio ratio) {
  std::vector<double> medians;
  for (const auto& comparison : comparisons) {
    if (comparison->contestant().backend != backend) continue;
    if (const auto spread = RatioOf(*comparison, ratio)) medians.push_back(spread->median);
  }
  if (medians.empty()) return std::nullopt;
  return SpreadOf(std::move(medians));
}

void PrintSummary(const Comparisons& comparisons, std::ostream& out) {
  out << "\nTime of kvstate relative to the engine called directly: median [quartiles] over pairs of slices\n";
  Print(out, "%-34s %10s %10s  %-22s  %s\n", "case", "direct ns", "kvstate ns", "ratio of CPU time", "of wall time");
  for (const auto& comparison : comparisons) {
    const auto cpu = RatioOf(*comparison, &Comparison::Pair::cpu_ratio);
    const auto wall = RatioOf(*comparison, &Comparison::Pair::wall_ratio);
    if (!cpu) continue;
    Print(out, "%-34s %10.1f %10.1f  %6.3f [%.3f, %.3f]  %6.3f\n", comparison->name().c_str(),
          MedianNanoseconds(*comparison, &Comparison::Pair::direct),
          MedianNanoseconds(*comparison, &Comparison::Pair::kvstate), cpu->median, cpu->q1, cpu->q3, wall->median);
  }
  out << "\nMedian [quartiles] over the operations\n";
  for (const Contestant& contestant : Contestants()) {
    const auto cpu = RatioOverOperations(comparisons, contestant.backend, &Comparison::Pair::cpu_ratio);
    const auto wall = RatioOverOperations(comparisons, contestant.backend, &Comparison::Pair::wall_ratio);
    if (!cpu) continue;
    Print(out, "%-10s of CPU time %.3f [%.3f, %.3f], of wall time %.3f [%.3f, %.3f]; target at most %.2f\n",
          std::string(contestant.backend).c_str(), cpu->median, cpu->q1, cpu->q3, wall->median, wall->q1, wall->q3,
          contestant.target_ratio);
  }
}

}  // namespace kvstate::interface_tax

#include "harness/report/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace kvstate::harness {

namespace {

/// P(X <= k) of X binomial (n, 1/2).
double BinomialCdf(size_t n, size_t k) {
  const auto trials = static_cast<double>(n);
  double sum = 0;
  for (size_t i = 0; i <= k; ++i) {
    const auto successes = static_cast<double>(i);
    sum += std::exp(std::lgamma(trials + 1) - std::lgamma(successes + 1) - std::lgamma(trials - successes + 1) -
                    trials * std::log(2.0));
  }
  return sum;
}

}  // namespace

double Median(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

MedianInterval MedianWithInterval(std::vector<double> values, double confidence) {
  MedianInterval interval;
  interval.median = Median(values);
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  // The k-th from either end misses the median when k or fewer samples lie on one side of it.
  size_t k = 0;
  while (2 * (k + 1) < n && 1 - 2 * BinomialCdf(n, k + 1) >= confidence) ++k;
  interval.low = values[k];
  interval.high = values[n - 1 - k];
  interval.confidence = std::max(0.0, 1 - 2 * BinomialCdf(n, k));
  return interval;
}

}  // namespace kvstate::harness

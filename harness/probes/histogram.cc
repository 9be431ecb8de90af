#include "harness/probes/histogram.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace kvstate::harness {

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
}

void Histogram::Clear() { std::fill(counts_.begin(), counts_.end(), 0); }

uint64_t Histogram::count() const { return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0}); }

double Histogram::MiddleOf(size_t bucket) {
  constexpr size_t kExact = size_t{2} << kPrecisionBits;
  if (bucket < kExact) return static_cast<double>(bucket);
  const size_t shift = (bucket >> kPrecisionBits) - 1;
  const auto first = static_cast<double>(bucket - (shift << kPrecisionBits));
  return std::ldexp(first + 0.5, static_cast<int>(shift)) - 0.5;
}

double Histogram::Quantile(double quantile) const {
  assert(quantile >= 0 && quantile <= 1);
  const uint64_t total = count();
  if (total == 0) return 0;
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(quantile * static_cast<double>(total))));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return MiddleOf(bucket);
  }
  return MiddleOf(kBuckets - 1);
}

double Histogram::MeanUpTo(double limit) const {
  double sum = 0;
  uint64_t taken = 0;
  for (size_t bucket = 0; bucket < kBuckets && MiddleOf(bucket) <= limit; ++bucket) {
    sum += MiddleOf(bucket) * static_cast<double>(counts_[bucket]);
    taken += counts_[bucket];
  }
  return taken == 0 ? 0 : sum / static_cast<double>(taken);
}

}  // namespace kvstate::harness

#ifndef KVSTATE_HARNESS_PROBES_HISTOGRAM_H_
#define KVSTATE_HARNESS_PROBES_HISTOGRAM_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvstate::harness {

/// Counts of 64-bit values in buckets of bounded relative width (the layout of HDR histograms): exact below 256, then
/// 128 buckets for each power of two, so that a value read back is within 0.4% of the one recorded. Not thread-safe.
class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  void Record(uint64_t value) { ++counts_[BucketOf(value)]; }
  void Merge(const Histogram& other);
  void Clear();

  uint64_t count() const;
  /// The value at or below which a share `quantile` of the values lies: the middle of its bucket. 0 when empty.
  /// REQUIRES: 0 <= quantile <= 1.
  double Quantile(double quantile) const;
  /// The mean of the values in buckets whose middle is at most `limit`; 0 when there are none.
  double MeanUpTo(double limit) const;

 private:
  static constexpr unsigned kPrecisionBits = 7;
  static constexpr size_t kBuckets = (size_t{64} - kPrecisionBits) * (size_t{1} << kPrecisionBits) + 128;

  static size_t BucketOf(uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > kPrecisionBits + 1 ? width - kPrecisionBits - 1 : 0;
    return (static_cast<size_t>(shift) << kPrecisionBits) + static_cast<size_t>(value >> shift);
  }
  static double MiddleOf(size_t bucket);

  std::vector<uint64_t> counts_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_HISTOGRAM_H_

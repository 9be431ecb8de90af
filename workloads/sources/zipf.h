#ifndef KVSTATE_WORKLOADS_SOURCES_ZIPF_H_
#define KVSTATE_WORKLOADS_SOURCES_ZIPF_H_

#include <cstdint>

#include "workloads/sources/random.h"

namespace kvstate::workloads {

/// Ranks 1..n with probability proportional to rank^-theta, exactly, by rejection-inversion (Hörmann, Derflinger 1996):
/// set-up takes the same few operations for any n, and a draw about one uniform number. Immutable.
class ZipfDistribution {
 public:
  static constexpr double kMaxTheta = 10.0;
  static constexpr uint64_t kMaxRanks = uint64_t{1} << 40;

  /// REQUIRES: 1 <= n <= kMaxRanks, 0 < theta <= kMaxTheta.
  ZipfDistribution(uint64_t n, double theta);

  uint64_t Draw(Random& random) const;

 private:
  double Density(double x) const;
  double Integral(double x) const;
  double InverseIntegral(double y) const;

  uint64_t n_;
  double theta_;
  double integral_first_;
  double integral_last_;
  double sure_within_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_ZIPF_H_

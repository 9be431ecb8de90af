#include "workloads/sources/zipf.h"

#include <algorithm>
#include <cassert>

#include "workloads/sources/portable_math.h"

namespace kvstate::workloads {
namespace {

double Magnitude(double v) { return v < 0 ? -v : v; }

// Below this the first two terms of the series are exact to the last bit, and the quotients would divide 0 by 0.
constexpr double kTiny = 1e-9;

/// log(1 + x) / x, also at 0.
double Log1pOverX(double x) { return Magnitude(x) < kTiny ? 1.0 - x * 0.5 : PortableLog1p(x) / x; }
/// (exp(x) - 1) / x, also at 0.
double Expm1OverX(double x) { return Magnitude(x) < kTiny ? 1.0 + x * 0.5 : PortableExpm1(x) / x; }

}  // namespace

ZipfDistribution::ZipfDistribution(uint64_t n, double theta) : n_(n), theta_(theta) {
  assert(n >= 1 && n <= kMaxRanks && theta > 0 && theta <= kMaxTheta);
  integral_first_ = Integral(1.5) - 1.0;
  integral_last_ = Integral(static_cast<double>(n) + 0.5);
  sure_within_ = 2.0 - InverseIntegral(Integral(2.5) - Density(2.0));
}

uint64_t ZipfDistribution::Draw(Random& random) const {
  while (true) {
    const double y = integral_last_ + random.Unit() * (integral_first_ - integral_last_);
    const double x = InverseIntegral(y);
    // x lies within half of its rank.
    const double above = x + 0.5;
    const uint64_t rank = std::clamp(static_cast<uint64_t>(above), uint64_t{1}, n_);
    const auto center = static_cast<double>(rank);
    if (center - x <= sure_within_ || y >= Integral(center + 0.5) - Density(center)) return rank;
  }
}

/// x^-theta.
double ZipfDistribution::Density(double x) const { return PortableExp(-theta_ * PortableLog(x)); }

/// The integral of Density from 1 to x: (x^(1-theta) - 1) / (1 - theta), and log(x) where theta is 1.
double ZipfDistribution::Integral(double x) const {
  const double log_x = PortableLog(x);
  return Expm1OverX((1.0 - theta_) * log_x) * log_x;
}

double ZipfDistribution::InverseIntegral(double y) const {
  double t = y * (1.0 - theta_);
  // Rounding may carry t past the pole of the logarithm when theta is far above 1.
  constexpr double kNearPole = -1.0 + 0x1p-52;
  if (t < kNearPole) t = kNearPole;
  return PortableExp(Log1pOverX(t) * y);
}

}  // namespace kvstate::workloads

#include "workloads/sources/payload_sizes.h"

#include <cmath>

#include "workloads/sources/portable_math.h"

namespace kvstate::workloads {
namespace {

/// Of mean 0 and standard deviation 1: Marsaglia's polar method, whose square root is rounded alike everywhere.
double DrawNormal(Random& random) {
  while (true) {
    const double u = 2.0 * random.Unit() - 1.0;
    const double v = 2.0 * random.Unit() - 1.0;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2.0 * PortableLog(s) / s);
  }
}

}  // namespace

size_t PayloadSizes::Draw(Random& random) const {
  switch (options_.distribution) {
    case SizeDistribution::kConstant:
      return options_.bytes;
    case SizeDistribution::kUniform:
      return options_.bytes_min + random.Below(options_.bytes_max - options_.bytes_min + 1);
    case SizeDistribution::kNormal:
      return Within(static_cast<double>(options_.bytes) + options_.bytes_stddev * DrawNormal(random));
    case SizeDistribution::kPareto: {
      // 1 - u is never 0.
      const double power = PortableExpm1(-options_.pareto_k * PortableLog(1.0 - random.Unit()));
      return Within(options_.pareto_sigma / options_.pareto_k * power);
    }
  }
  return 0;
}

size_t PayloadSizes::Within(double bytes) const {
  if (bytes >= static_cast<double>(options_.bytes_max)) return options_.bytes_max;
  if (bytes <= static_cast<double>(options_.bytes_min)) return options_.bytes_min;
  return static_cast<size_t>(std::lround(bytes));
}

}  // namespace kvstate::workloads

#ifndef KVSTATE_WORKLOADS_SOURCES_PAYLOAD_SIZES_H_
#define KVSTATE_WORKLOADS_SOURCES_PAYLOAD_SIZES_H_

#include <cstddef>

#include "workloads/sources/random.h"

namespace kvstate::workloads {

enum class SizeDistribution { kConstant, kUniform, kNormal, kPareto };

struct SizeOptions {
  SizeDistribution distribution = SizeDistribution::kConstant;
  size_t bytes = 0;  ///< kConstant; kNormal: the mean.
  size_t bytes_min = 0;
  size_t bytes_max = 0;     ///< What is drawn below or above these two becomes one of them.
  double bytes_stddev = 0;  ///< kNormal.
  /// kPareto: the generalized Pareto distribution with location 0, (1 - u)^-k - 1 times sigma / k.
  double pareto_k = 1;
  double pareto_sigma = 1;
};

/// Draws lengths of payloads, the same on every machine. Immutable.
class PayloadSizes {
 public:
  /// REQUIRES: bytes_min <= bytes_max unless kConstant; k and sigma > 0.
  explicit PayloadSizes(const SizeOptions& options) : options_(options) {}

  size_t Draw(Random& random) const;
  size_t bytes_max() const {
    return options_.distribution == SizeDistribution::kConstant ? options_.bytes : options_.bytes_max;
  }

 private:
  size_t Within(double bytes) const;

  const SizeOptions options_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_PAYLOAD_SIZES_H_

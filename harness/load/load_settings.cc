#include "harness/load/load_settings.h"

namespace kvstate::harness {

Result<double> ParseQuantile(std::string_view name) {
  if (name == "p50") return 0.5;
  if (name == "p90") return 0.9;
  if (name == "p99") return 0.99;
  if (name == "p999") return 0.999;
  return InvalidArgumentError("there is no quantile '" + std::string(name) + "'; there are p50, p90, p99, p999");
}

}  // namespace kvstate::harness

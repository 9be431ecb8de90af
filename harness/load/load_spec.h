#ifndef KVSTATE_HARNESS_LOAD_LOAD_SPEC_H_
#define KVSTATE_HARNESS_LOAD_LOAD_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>

#include "harness/load/load_settings.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What flags or a suite say about load, as text; empty, false or 0: not said.
struct LoadSpec {
  std::string speed;
  std::string rate;
  std::string arrivals;
  uint32_t parallelism = 0;
  bool find_capacity = false;
  std::string latency_objective_ms;
  std::string latency_quantile;
  uint64_t seed = 1;
};

/// What it asks for; nothing when that is one instance at full speed. `most_instances`: as many as there are key
/// groups. `prefix` is what names have in messages: "--" for flags. INVALID_ARGUMENT, giving the name, for values that
/// are not allowed and for those that do not go together.
Result<std::optional<LoadSettings>> LoadOf(const LoadSpec& spec, uint32_t most_instances,
                                           const std::string& prefix = "--");

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_LOAD_SPEC_H_

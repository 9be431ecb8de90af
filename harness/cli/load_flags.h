#ifndef KVSTATE_HARNESS_CLI_LOAD_FLAGS_H_
#define KVSTATE_HARNESS_CLI_LOAD_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "harness/load/load_settings.h"
#include "kvstate/status.h"

namespace kvstate::cli {

/// The flags of `run` and `replay` about load, as given; empty, false or 0: not given.
struct LoadFlags {
  std::string speed;
  std::string rate;
  std::string arrivals;
  uint32_t parallelism = 0;
  bool find_capacity = false;
  std::string latency_objective_ms;
  std::string latency_quantile;
  uint64_t seed = 1;
};

/// What they ask for; nothing when that is one instance at full speed. `most_instances`: as many as there are key
/// groups. INVALID_ARGUMENT, naming the flag, for values that are not allowed and for flags that do not go together.
Result<std::optional<harness::LoadSettings>> LoadOf(const LoadFlags& flags, uint32_t most_instances);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_LOAD_FLAGS_H_

#ifndef KVSTATE_HARNESS_CLI_TTL_FLAGS_H_
#define KVSTATE_HARNESS_CLI_TTL_FLAGS_H_

#include <optional>
#include <string>

#include "harness/run/ttl_cleanup.h"
#include "kvstate/status.h"

namespace kvstate::cli {

/// Puts what --ttl_cleanup names into the settings of a workload; empty leaves them. INVALID_ARGUMENT, naming the flag.
inline Status ApplyTtlFlag(const std::string& cleanup, std::optional<harness::TtlSettings>* settings) {
  if (cleanup.empty()) return Status();
  auto strategies = harness::ParseTtlStrategies(cleanup);
  if (!strategies.ok()) return strategies.status().WithContext("--ttl_cleanup");
  if (!settings->has_value()) settings->emplace();
  (*settings)->strategies = std::move(strategies).value();
  return Status();
}

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_TTL_FLAGS_H_

#ifndef KVSTATE_HARNESS_CLI_CHECKPOINT_FLAGS_H_
#define KVSTATE_HARNESS_CLI_CHECKPOINT_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/checkpoint_plan.h"
#include "kvstate/status.h"

namespace kvstate::cli {

/// The --checkpoint_… flags of `run` and `replay`, as given; 0 or empty: not given.
struct CheckpointFlags {
  uint64_t interval_operations = 0;
  uint64_t interval_ms = 0;
  std::string kind;
  uint32_t retained = 0;
  std::string directory;
};

/// Puts what was given into the settings of each workload, which are absent where it takes no checkpoints; an interval
/// makes every workload take them. INVALID_ARGUMENT, naming the flag, for values that are not allowed, and when flags
/// were given that serve nothing.
Status ApplyCheckpointFlags(const CheckpointFlags& flags,
                            const std::vector<std::optional<harness::CheckpointSettings>*>& workloads);

/// Makes the directory if it is absent, and finds out whether checkpoints can be kept there; fine when the name is
/// empty. NOT_FOUND (what it should be in), INVALID_ARGUMENT (no directory), ALREADY_EXISTS (not empty) or
/// PERMISSION_DENIED.
Status PrepareCheckpointDirectory(const std::string& directory);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_CHECKPOINT_FLAGS_H_

#ifndef KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_HANDLES_H_
#define KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_HANDLES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "kvstate/checkpoint.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// INVALID_ARGUMENT, saying what, unless the handles of `checkpoint` can be those of one checkpoint of one job.
Status CheckHandles(const CheckpointMetadata& checkpoint);

/// Whose handle one is.
struct SubtaskOf {
  std::string_view operator_name;
  uint32_t subtask = 0;
  uint32_t parallelism = 1;
};

/// INVALID_ARGUMENT, beginning with `what`, unless there is one of each subtask of each operator.
Status CheckSubtasks(const std::vector<SubtaskOf>& handles, std::string_view what);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_HANDLES_H_

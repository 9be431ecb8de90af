#ifndef KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_HANDLES_H_
#define KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_HANDLES_H_

#include "kvstate/checkpoint.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// INVALID_ARGUMENT, saying what, unless the handles of `checkpoint` can be those of one checkpoint of one job.
Status CheckHandles(const CheckpointMetadata& checkpoint);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_HANDLES_H_

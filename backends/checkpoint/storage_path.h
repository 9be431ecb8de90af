#ifndef KVSTATE_BACKENDS_CHECKPOINT_STORAGE_PATH_H_
#define KVSTATE_BACKENDS_CHECKPOINT_STORAGE_PATH_H_

#include <string_view>

#include "kvstate/status.h"

namespace kvstate::backends {

/// Whether it can be a name in a path of a CheckpointStorage.
bool IsStorageName(std::string_view name);

/// INVALID_ARGUMENT, saying why, unless `path` is one that a CheckpointStorage takes. `location` is the storage's.
Status CheckStoragePath(std::string_view path, std::string_view location);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_STORAGE_PATH_H_

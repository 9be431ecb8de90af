#ifndef KVSTATE_BACKENDS_COMMON_FILE_ERROR_H_
#define KVSTATE_BACKENDS_COMMON_FILE_ERROR_H_

#include <string_view>

#include "kvstate/status.h"

namespace kvstate::backends {

/// A Status for errno `error`, met while doing `what` (such as "cannot create") to `path`: PERMISSION_DENIED,
/// RESOURCE_EXHAUSTED or INVALID_ARGUMENT where that is what the caller can mend, else INTERNAL.
Status FileError(std::string_view what, std::string_view path, int error);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_FILE_ERROR_H_

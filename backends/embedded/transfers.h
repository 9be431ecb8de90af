#ifndef KVSTATE_BACKENDS_EMBEDDED_TRANSFERS_H_
#define KVSTATE_BACKENDS_EMBEDDED_TRANSFERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "kvstate/status.h"

namespace kvstate::backends {

/// Calls `transfer` for each number below `count`, once, on up to `threads` threads, this one among them. After a
/// failure none is begun any more; gives the failure of the least number that was met.
Status RunTransfers(size_t count, uint32_t threads, const std::function<Status(size_t)>& transfer);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_TRANSFERS_H_

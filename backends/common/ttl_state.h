#ifndef KVSTATE_BACKENDS_COMMON_TTL_STATE_H_
#define KVSTATE_BACKENDS_COMMON_TTL_STATE_H_

#include <memory>

#include "backends/common/key_context.h"
#include "backends/common/ttl_cleaner.h"
#include "kvstate/clock.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"

namespace kvstate::backends {

struct TtlStateParts {
  InternalKVState* stored = nullptr;  ///< Of the TtlStoredDescriptor. Outlives the state.
  StateDescriptor descriptor;         ///< The program's.
  KeyContext* keys = nullptr;         ///< Outlives the state.
  std::shared_ptr<const Clock> clock;
  TtlCleaner* cleaner = nullptr;  ///< Outlives the state.
};

/// What a program has of a state with a time to live: the kind's interface, and SerializedAccess, over a state that
/// stores times beside values. Neither shows; what has expired does not either, as TtlConfig::visibility says. Visit
/// shows only what has not expired whatever the visibility, so that it is the same on every backend. Value states are
/// their backend's to make (ttl_value_state.h), for this is over any. REQUIRES: the kind is not kValue.
std::unique_ptr<InternalKVState> MakeTtlState(TtlStateParts parts);

/// Of `keys`, which walks the stored state of `state`, those under which something has not expired. Each Next counts as
/// a call on the state. REQUIRES: `state` is a TtlStateOf (ttl_core.h). The current key and namespace are not
/// disturbed.
std::unique_ptr<KeyIterator> WithoutExpiredKeys(std::unique_ptr<KeyIterator> keys, InternalKVState& state);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_STATE_H_

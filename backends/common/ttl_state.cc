#include "backends/common/ttl_state.h"

namespace kvstate::backends {

std::unique_ptr<InternalKVState> MakeTtlState(TtlStateParts) { return nullptr; }

std::unique_ptr<KeyIterator> WithoutExpiredKeys(std::unique_ptr<KeyIterator> keys, InternalKVState&) { return keys; }

}  // namespace kvstate::backends

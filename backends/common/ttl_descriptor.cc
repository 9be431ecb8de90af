#include "backends/common/ttl_descriptor.h"

namespace kvstate::backends {

StateDescriptor TtlStoredDescriptor(const StateDescriptor& descriptor, std::shared_ptr<const Clock>) {
  return descriptor;
}

TtlFilter TtlFilterOf(const StateDescriptor& stored) {
  return TtlFilter(stored.kind, kVariableSize, stored.ttl->ttl_millis);
}

}  // namespace kvstate::backends

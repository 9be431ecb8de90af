#include "backends/common/ttl_cleaner.h"

namespace kvstate::backends {

TtlCleaner::TtlCleaner(InternalKVState& stored, std::shared_ptr<const Clock> clock, uint32_t entries_per_access)
    : stored_(stored), clock_(std::move(clock)), entries_per_access_(entries_per_access) {
  figures_.state = stored.descriptor().name;
}

TtlCleaner::~TtlCleaner() = default;

Status TtlCleaner::Work() { return Status(); }

Result<bool> TtlCleaner::Sweep(uint64_t) { return true; }

}  // namespace kvstate::backends

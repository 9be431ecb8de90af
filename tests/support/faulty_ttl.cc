#include "tests/support/faulty_ttl.h"

#include <algorithm>
#include <memory>
#include <span>

namespace kvstate::testing_support {

StateDescriptor WithFaultyTtl(StateDescriptor descriptor, Fault fault) {
  if (!descriptor.ttl.has_value()) return descriptor;
  TtlConfig& ttl = *descriptor.ttl;
  const bool for_ever = ttl.ttl_millis == INT64_MAX;
  if (fault == Fault::kExpiredShown) ttl.visibility = TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  if (fault == Fault::kDroppedAlive && !for_ever) ttl.ttl_millis = std::max<int64_t>(1, ttl.ttl_millis / 2);
  if (fault == Fault::kExpiresLate && !for_ever) ++ttl.ttl_millis;
  if (fault == Fault::kExpiresEarly && ttl.ttl_millis > 1 && !for_ever) --ttl.ttl_millis;
  if (fault == Fault::kReadsDoNotRenew && ttl.update == TtlConfig::Update::kOnReadAndWrite) {
    ttl.update = TtlConfig::Update::kOnCreateAndWrite;
  }
  return descriptor;
}

Status ForgetTimes(InternalKVState& state) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, state.Visit());
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> entries, visitor->NextBatch(1));
    if (entries.empty()) return Status();
    if (entries[0].value == nullptr) {
      KVSTATE_RETURN_IF_ERROR(visitor->Update(entries[0], nullptr));
      continue;
    }
    const TypedObject copy(state.descriptor().value_serializer, entries[0].value);
    KVSTATE_RETURN_IF_ERROR(visitor->Update(entries[0], copy.get()));
  }
}

Result<bool> DroppingSweep::Sweep(uint64_t max_entries) {
  for (InternalKVState* state : states_) {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, state->Visit());
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> entries, visitor->NextBatch(1));
    if (entries.empty()) continue;
    KVSTATE_RETURN_IF_ERROR(visitor->Remove(entries[0]));
    break;
  }
  return inner_->Sweep(max_entries);
}

}  // namespace kvstate::testing_support

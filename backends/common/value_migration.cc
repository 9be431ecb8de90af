#include "backends/common/value_migration.h"

#include "backends/common/saved_state.h"

namespace kvstate::backends {

Result<TakeOver> PlanTakeOver(const SavedState& saved, const TypeSerializer& namespace_serializer,
                              const StateDescriptor& stored, std::shared_ptr<const Clock> /*clock*/) {
  KVSTATE_RETURN_IF_ERROR(CheckTakesOver(saved, namespace_serializer, stored));
  TakeOver plan;
  plan.stored = stored;
  return plan;
}

}  // namespace kvstate::backends

#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

class EmbeddedValueState final : public EmbeddedStateOf<InternalValueState> {
 public:
  explicit EmbeddedValueState(StateParts parts)
      : EmbeddedStateOf(std::move(parts)), value_(state_descriptor().value_serializer) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(value_.get()));
    if (found) return value_.get();
    const TypedObject* initial = state_descriptor().default_value.get();
    if (initial == nullptr) return nullptr;
    value_.serializer()->CopyAssign(value_.get(), initial->get());
    return value_.get();
  }

  Status Update(const void* value) override { return value == nullptr ? RemoveEntry() : Write(value); }

 private:
  TypedObject value_;  ///< What Get handed out.
};

}  // namespace

std::unique_ptr<InternalKVState> MakeEmbeddedValueState(StateParts parts) {
  return std::make_unique<EmbeddedValueState>(std::move(parts));
}

}  // namespace kvstate::backends

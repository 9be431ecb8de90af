#include <utility>

#include "backends/common/ttl_serializer.h"
#include "backends/common/ttl_value_state.h"
#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

class EmbeddedValueState final : public EmbeddedStateOf<InternalValueState> {
 public:
  explicit EmbeddedValueState(StateParts parts)
      : EmbeddedStateOf(std::move(parts)),
        timed_(dynamic_cast<const TtlSerializer*>(state_descriptor().value_serializer.get())),
        value_(state_descriptor().value_serializer),
        plain_(timed_ == nullptr ? nullptr : timed_->SlotOf(value_.get())) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(value_.get()));
    if (found) return value_.get();
    const TypedObject* initial = state_descriptor().default_value.get();
    if (initial == nullptr) return nullptr;
    value_.serializer()->CopyAssign(value_.get(), initial->get());
    return value_.get();
  }

  Status Update(const void* value) override { return value == nullptr ? RemoveEntry() : Write(value); }

  // Of values with their times, for TtlValueState.
  Result<const void*> GetTimed(int64_t* timestamp) {
    ByteView stored;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, ReadBytes(&stored));
    if (!found) return nullptr;
    Status status = timed_->DeserializeTimed(stored, timestamp, plain_);
    if (!status.ok()) [[unlikely]]
      return InContext(status);
    return plain_;
  }

  Status UpdateTimed(int64_t timestamp, const void* value) {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    encoded_.Clear();
    timed_->SerializeTimed(timestamp, value, encoded_);
    KVSTATE_RETURN_IF_ERROR(StoredValueFormat::CheckSize(encoded_.size()));
    return table_.Put(address(), encoded_.view());
  }

 private:
  const TtlSerializer* const timed_;  ///< The value serializer of a state with a time to live; else null.
  TypedObject value_;                 ///< What Get handed out.
  void* const plain_;                 ///< Of timed_: what stands in value_ beside the time. GetTimed handed it out.
};

}  // namespace

std::unique_ptr<InternalKVState> MakeEmbeddedValueState(StateParts parts) {
  return std::make_unique<EmbeddedValueState>(std::move(parts));
}

std::unique_ptr<InternalKVState> MakeEmbeddedTtlValueState(TtlStateParts parts) {
  return std::make_unique<TtlValueState<EmbeddedValueState>>(std::move(parts));
}

}  // namespace kvstate::backends

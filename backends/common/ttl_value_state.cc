#include <utility>

#include "backends/common/ttl_core.h"

namespace kvstate::backends {

namespace {

class TtlValueState final : public TtlStateOf<InternalValueState> {
 public:
  explicit TtlValueState(TtlStateParts parts)
      : TtlStateOf(std::move(parts)),
        serializer_(std::static_pointer_cast<const TtlSerializer>(stored_.descriptor().value_serializer)),
        input_(serializer_) {}

  Result<const void*> Get() override {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    Result<const void*> found = stored_.Get();
    if (!found.ok()) [[unlikely]]
      return found;
    const void* const object = *found;
    if (object == nullptr) return Default();
    const int64_t timestamp = TtlSerializer::TimestampOf(object);
    const int64_t now = Now();
    const void* value = serializer_->ValueOf(object);
    if (IsOver(timestamp, now)) [[unlikely]]
      return shows_expired() ? value : Expired();
    if (refreshes() && timestamp != now) KVSTATE_RETURN_IF_ERROR(stored_.Update(input_.Of(now, value)));
    return value;
  }

  Status Update(const void* value) override {
    return AfterWrite(stored_.Update(value == nullptr ? nullptr : input_.Of(Now(), value)));
  }

  Result<bool> HasUnexpired() override {
    KVSTATE_ASSIGN_OR_RETURN(const void* const object, stored_.Get());
    return object != nullptr && !IsOver(TtlSerializer::TimestampOf(object), Now());
  }

 private:
  [[gnu::noinline]] Result<const void*> Expired() {
    KVSTATE_RETURN_IF_ERROR(RemoveExpired());
    return Default();
  }
  /// A fresh copy each time: what a caller does to one must not show in the next.
  Result<const void*> Default() {
    const TypedObject* initial = state_descriptor().default_value.get();
    if (initial == nullptr) return nullptr;
    if (!default_) default_ = TypedObject(initial->serializer());
    default_.serializer()->CopyAssign(default_.get(), initial->get());
    return default_.get();
  }

  const TtlSerializerPtr serializer_;
  TimedInput input_;
  TypedObject default_;  ///< What Get handed out.
};

}  // namespace

std::unique_ptr<InternalKVState> MakeTtlValueState(TtlStateParts parts) {
  return std::make_unique<TtlValueState>(std::move(parts));
}

}  // namespace kvstate::backends

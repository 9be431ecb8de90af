#include <span>
#include <utility>

#include "backends/common/ttl_bytes.h"
#include "backends/common/ttl_core.h"

namespace kvstate::backends {

namespace {

/// Reducing, aggregating and folding states. The stored state's functions know when an accumulator is over
/// (ttl_descriptor.h), so that Add is one call on it, also where that combines in place.
template <class Interface>
class TtlAccumulatorState : public TtlStateOf<Interface> {
 public:
  explicit TtlAccumulatorState(TtlStateParts parts)
      : TtlStateOf<Interface>(std::move(parts)),
        serializer_(std::static_pointer_cast<const TtlSerializer>(this->stored_.descriptor().value_serializer)),
        input_(serializer_) {}

  Result<const void*> Get() override { return GetInternal(); }
  Result<const void*> GetInternal() final {
    KVSTATE_RETURN_IF_ERROR(this->BeforeRead());
    KVSTATE_ASSIGN_OR_RETURN(const void* const object, this->stored_.GetInternal());
    if (object == nullptr) return nullptr;
    const int64_t timestamp = TtlSerializer::TimestampOf(object);
    const int64_t now = this->Now();
    const void* value = serializer_->ValueOf(object);
    if (this->IsOver(timestamp, now)) {
      if (this->shows_expired()) return value;
      KVSTATE_RETURN_IF_ERROR(this->RemoveExpired());
      return nullptr;
    }
    if (this->refreshes() && timestamp != now) {
      KVSTATE_RETURN_IF_ERROR(this->stored_.UpdateInternal(input_.Of(now, value)));
    }
    return value;
  }
  Status UpdateInternal(const void* accumulator) final {
    const void* timed = accumulator == nullptr ? nullptr : input_.Of(this->Now(), accumulator);
    return this->AfterWrite(this->stored_.UpdateInternal(timed));
  }
  Status Add(const void* input) override { return this->AfterWrite(this->stored_.Add(input)); }

  Result<bool> HasUnexpired() final {
    KVSTATE_ASSIGN_OR_RETURN(const void* const object, this->stored_.GetInternal());
    return object != nullptr && !this->IsOver(TtlSerializer::TimestampOf(object), this->Now());
  }

 protected:
  TimedInput& input() { return input_; }

 private:
  const TtlSerializerPtr serializer_;
  TimedInput input_;
};

class TtlReducingState final : public TtlAccumulatorState<InternalReducingState> {
 public:
  using TtlAccumulatorState::TtlAccumulatorState;

  /// What is reduced is of the accumulator's type, and has a time as it has.
  Status Add(const void* value) override {
    return AfterWrite(stored_.Add(value == nullptr ? nullptr : input().Of(Now(), value)));
  }
  Status AddBytes(ByteView value) override {
    encoded_.Clear();
    PutTimed(Now(), value, encoded_);
    return AfterWrite(stored_bytes().AddBytes(encoded_.view()));
  }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return AfterWrite(stored_.MergeNamespaces(target, sources));
  }
};

class TtlAggregatingState final : public TtlAccumulatorState<InternalAggregatingState> {
 public:
  explicit TtlAggregatingState(TtlStateParts parts)
      : TtlAccumulatorState(std::move(parts)), result_(state_descriptor().output_serializer) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const void* const accumulator, GetInternal());
    if (accumulator == nullptr) return nullptr;
    state_descriptor().aggregate->GetResult(accumulator, result_.get());
    return result_.get();
  }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return AfterWrite(stored_.MergeNamespaces(target, sources));
  }

 private:
  TypedObject result_;  ///< What Get handed out.
};

class TtlFoldingState final : public TtlAccumulatorState<InternalFoldingState> {
 public:
  using TtlAccumulatorState::TtlAccumulatorState;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeTtlReducingState(TtlStateParts parts) {
  return std::make_unique<TtlReducingState>(std::move(parts));
}

std::unique_ptr<InternalKVState> MakeTtlAggregatingState(TtlStateParts parts) {
  return std::make_unique<TtlAggregatingState>(std::move(parts));
}

std::unique_ptr<InternalKVState> MakeTtlFoldingState(TtlStateParts parts) {
  return std::make_unique<TtlFoldingState>(std::move(parts));
}

}  // namespace kvstate::backends

#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

class EmbeddedReducingState final : public EmbeddedStateOf<InternalReducingState> {
 public:
  explicit EmbeddedReducingState(StateParts parts)
      : EmbeddedStateOf(std::move(parts)),
        reduce_(*state_descriptor().reduce),
        value_(state_descriptor().value_serializer),
        accumulator_(state_descriptor().value_serializer),
        input_(state_descriptor().value_serializer) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(value_.get()));
    return found ? value_.get() : nullptr;
  }
  Result<const void*> GetInternal() override { return Get(); }

  Status Add(const void* input) override {
    if (input == nullptr) return NullError("an input");
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    if (table_.appends()) {
      KVSTATE_RETURN_IF_ERROR(value_format().Encode(input, encoded_));
      return table_.Append(address(), encoded_.view());
    }
    KVSTATE_ASSIGN_OR_RETURN(const bool found, ReadAt(address(), accumulator_.get()));
    if (!found) return WriteAt(address(), input);
    reduce_.Reduce(accumulator_.get(), input);
    return WriteAt(address(), accumulator_.get());
  }
  Status AddBytes(ByteView input) override {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    if (table_.appends()) {
      KVSTATE_RETURN_IF_ERROR(StoredValueFormat::CheckSize(input.size()));
      return table_.Append(address(), input);
    }
    ByteView stored;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, table_.Get(address(), &stored));
    if (!found) return PutBytes(input);
    bool is_null = false;
    Status status = value_format().Decode(stored, accumulator_.get(), &is_null);
    if (status.ok()) status = value_format().Decode(input, input_.get(), &is_null);
    if (!status.ok()) return InContext(status);
    reduce_.Reduce(accumulator_.get(), input_.get());
    return WriteAt(address(), accumulator_.get());
  }

  Status UpdateInternal(const void* value) override { return value == nullptr ? RemoveEntry() : Write(value); }

  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return ForEachSource(target, sources, [this](ByteView into, ByteView from) -> Status {
      KVSTATE_ASSIGN_OR_RETURN(const bool found, ReadAt(from, input_.get()));
      if (!found) return Status();
      KVSTATE_ASSIGN_OR_RETURN(const bool target_found, ReadAt(into, accumulator_.get()));
      if (target_found) reduce_.Reduce(accumulator_.get(), input_.get());
      KVSTATE_RETURN_IF_ERROR(WriteAt(into, target_found ? accumulator_.get() : input_.get()));
      return table_.Delete(from);
    });
  }

 private:
  const ReduceFunction& reduce_;
  TypedObject value_;        ///< What Get handed out.
  TypedObject accumulator_;  ///< Apart from value_, which a caller may pass back as an input.
  TypedObject input_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeEmbeddedReducingState(StateParts parts) {
  return std::make_unique<EmbeddedReducingState>(std::move(parts));
}

}  // namespace kvstate::backends

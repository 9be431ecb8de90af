#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

class EmbeddedFoldingState final : public EmbeddedStateOf<InternalFoldingState> {
 public:
  explicit EmbeddedFoldingState(StateParts parts)
      : EmbeddedStateOf(std::move(parts)),
        fold_(*state_descriptor().fold),
        value_(state_descriptor().value_serializer),
        accumulator_(state_descriptor().value_serializer),
        input_(state_descriptor().input_serializer) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(value_.get()));
    return found ? value_.get() : nullptr;
  }
  Result<const void*> GetInternal() override { return Get(); }

  Status Add(const void* input) override {
    if (input == nullptr) return NullError("an input");
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(accumulator_.get()));
    if (!found) accumulator_.serializer()->CopyAssign(accumulator_.get(), state_descriptor().default_value->get());
    fold_.Fold(accumulator_.get(), input);
    return WriteAt(address(), accumulator_.get());
  }
  Status AddBytes(ByteView input) override {
    ByteReader in(input);
    Status status = input_.serializer()->Deserialize(in, input_.get());
    if (status.ok() && !in.AtEnd()) status = in.Malformed("end of an input");
    if (!status.ok()) return InContext(status);
    return Add(input_.get());
  }

  Status UpdateInternal(const void* accumulator) override {
    return accumulator == nullptr ? RemoveEntry() : Write(accumulator);
  }

 private:
  const FoldFunction& fold_;
  TypedObject value_;        ///< What Get handed out.
  TypedObject accumulator_;  ///< Apart from value_, which a caller may pass back as an input.
  TypedObject input_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeEmbeddedFoldingState(StateParts parts) {
  return std::make_unique<EmbeddedFoldingState>(std::move(parts));
}

}  // namespace kvstate::backends

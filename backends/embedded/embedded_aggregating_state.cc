#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

class EmbeddedAggregatingState final : public EmbeddedStateOf<InternalAggregatingState> {
 public:
  explicit EmbeddedAggregatingState(StateParts parts)
      : EmbeddedStateOf(std::move(parts)),
        aggregate_(*state_descriptor().aggregate),
        result_(state_descriptor().output_serializer),
        handed_out_(state_descriptor().value_serializer),
        accumulator_(state_descriptor().value_serializer),
        merged_(state_descriptor().value_serializer),
        input_(state_descriptor().input_serializer) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(accumulator_.get()));
    if (!found) return nullptr;
    aggregate_.GetResult(accumulator_.get(), result_.get());
    return result_.get();
  }
  Result<const void*> GetInternal() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(handed_out_.get()));
    return found ? handed_out_.get() : nullptr;
  }

  Status Add(const void* input) override {
    if (input == nullptr) return NullError("an input");
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(accumulator_.get()));
    if (!found) aggregate_.CreateAccumulator(accumulator_.get());
    aggregate_.Add(accumulator_.get(), input);
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

  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return ForEachSource(target, sources, [this](ByteView into, ByteView from) -> Status {
      KVSTATE_ASSIGN_OR_RETURN(const bool found, ReadAt(from, merged_.get()));
      if (!found) return Status();
      KVSTATE_ASSIGN_OR_RETURN(const bool target_found, ReadAt(into, accumulator_.get()));
      if (target_found) aggregate_.Merge(accumulator_.get(), merged_.get());
      KVSTATE_RETURN_IF_ERROR(WriteAt(into, target_found ? accumulator_.get() : merged_.get()));
      return table_.Delete(from);
    });
  }

 private:
  const AggregateFunction& aggregate_;
  TypedObject result_;       ///< What Get handed out.
  TypedObject handed_out_;   ///< What GetInternal handed out.
  TypedObject accumulator_;  ///< Apart from what was handed out, which a caller may pass back as an input.
  TypedObject merged_;
  TypedObject input_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeEmbeddedAggregatingState(StateParts parts) {
  return std::make_unique<EmbeddedAggregatingState>(std::move(parts));
}

}  // namespace kvstate::backends

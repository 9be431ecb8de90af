#include <memory>
#include <utility>

#include "backends/hashmap/object_core.h"
#include "backends/hashmap/state_of.h"
#include "backends/hashmap/states.h"

namespace kvstate::backends::hashmap {

namespace {

/// Reducing, aggregating and folding states: an accumulator into which inputs are folded in place.
template <class Interface>
class AccumulatorState : public StateOf<Interface, ObjectCore> {
 public:
  AccumulatorState(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor,
                   SerializerPtr input_serializer)
      : StateOf<Interface, ObjectCore>(key, std::move(namespace_serializer), descriptor),
        input_serializer_(std::move(input_serializer)) {}

  Result<const void*> Get() override { return GetInternal(); }
  Result<const void*> GetInternal() final {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    const void* accumulator = this->Object();
    return accumulator;
  }
  Status UpdateInternal(const void* accumulator) final {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    if (accumulator != nullptr) {
      this->Store(accumulator);
    } else {
      this->EraseCurrent();
    }
    return Status();
  }
  Status Add(const void* input) final {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    if (input == nullptr) return this->RefuseArgument("Add of a null input");
    AddInput(input);
    return Status();
  }
  Status AddBytes(ByteView input) final {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    KVSTATE_RETURN_IF_ERROR(this->CheckValueBytes(input));
    if (!decoded_) decoded_ = TypedObject(input_serializer_);
    KVSTATE_RETURN_IF_ERROR(this->Decode(*input_serializer_, input, decoded_.get()));
    AddInput(decoded_.get());
    return Status();
  }

 protected:
  /// Folds `input` into the live accumulator.
  virtual void Fold(void* accumulator, const void* input) = 0;
  /// Makes the accumulator of the first input. REQUIRES: there is none.
  virtual void First(const void* input) = 0;

 private:
  void AddInput(const void* input) {
    void* accumulator = this->ObjectToChange();
    if (accumulator == nullptr) [[unlikely]] {
      TypedObject copy;
      First(this->KeepSafe(input, input_serializer_, &copy));
    } else if (accumulator == input) [[unlikely]] {
      // A function may change the accumulator before it has read all of the input.
      const TypedObject copy(input_serializer_, input);
      Fold(accumulator, copy.get());
    } else {
      Fold(accumulator, input);
    }
  }

  const SerializerPtr input_serializer_;
  TypedObject decoded_;
};

class HashMapReducingState final : public AccumulatorState<InternalReducingState> {
 public:
  using AccumulatorState::AccumulatorState;
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return MergeCore(target, sources);
  }

 private:
  void Fold(void* accumulator, const void* input) override { core_descriptor().reduce->Reduce(accumulator, input); }
  void First(const void* input) override { Store(input); }
  void Merge(void* into, void* from) const override { core_descriptor().reduce->Reduce(into, from); }
};

class HashMapAggregatingState final : public AccumulatorState<InternalAggregatingState> {
 public:
  HashMapAggregatingState(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor)
      : AccumulatorState(key, std::move(namespace_serializer), descriptor, descriptor.input_serializer),
        result_(descriptor.output_serializer) {}

  Result<const void*> Get() override {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    const void* accumulator = Object();
    const void* result = nullptr;
    if (accumulator != nullptr) {
      core_descriptor().aggregate->GetResult(accumulator, result_.get());
      result = result_.get();
    }
    return result;
  }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return MergeCore(target, sources);
  }

 private:
  void Fold(void* accumulator, const void* input) override { core_descriptor().aggregate->Add(accumulator, input); }
  void First(const void* input) override {
    void* accumulator = InsertNew();
    core_descriptor().aggregate->CreateAccumulator(accumulator);
    core_descriptor().aggregate->Add(accumulator, input);
  }
  void Merge(void* into, void* from) const override { core_descriptor().aggregate->Merge(into, from); }

  TypedObject result_;
};

class HashMapFoldingState final : public AccumulatorState<InternalFoldingState> {
 public:
  using AccumulatorState::AccumulatorState;

 private:
  void Fold(void* accumulator, const void* input) override { core_descriptor().fold->Fold(accumulator, input); }
  void First(const void* input) override {
    void* accumulator = InsertNew();
    value_serializer().CopyAssign(accumulator, core_descriptor().default_value->get());
    core_descriptor().fold->Fold(accumulator, input);
  }
};

}  // namespace

std::unique_ptr<InternalKVState> MakeReducingState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                   const StateDescriptor& descriptor) {
  return std::make_unique<HashMapReducingState>(key, std::move(namespace_serializer), descriptor,
                                                descriptor.value_serializer);
}

std::unique_ptr<InternalKVState> MakeAggregatingState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                      const StateDescriptor& descriptor) {
  return std::make_unique<HashMapAggregatingState>(key, std::move(namespace_serializer), descriptor);
}

std::unique_ptr<InternalKVState> MakeFoldingState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                  const StateDescriptor& descriptor) {
  return std::make_unique<HashMapFoldingState>(key, std::move(namespace_serializer), descriptor,
                                               descriptor.input_serializer);
}

}  // namespace kvstate::backends::hashmap

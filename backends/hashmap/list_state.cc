#include <memory>
#include <utility>

#include "backends/hashmap/object_core.h"
#include "backends/hashmap/state_of.h"
#include "backends/hashmap/states.h"

namespace kvstate::backends::hashmap {

namespace {

class HashMapListState final : public StateOf<InternalListState, ObjectCore> {
 public:
  HashMapListState(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor)
      : StateOf(key, std::move(namespace_serializer), descriptor),
        list_(dynamic_cast<const ListSerializer&>(*core_descriptor().value_serializer)),
        element_(list_.element()) {}

  Result<const void*> Get() override {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    const void* list = Object();
    return list;
  }
  Result<const void*> GetInternal() override { return Get(); }

  Status Add(const void* element) override {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    if (element == nullptr) return RefuseArgument("a list holds no null elements");
    AddElement(element);
    return Status();
  }

  Status AddAll(const void* list) override {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    if (list == nullptr) return RefuseArgument("AddAll of a null list");
    const size_t size = list_.Size(list);
    if (size == 0) return Status();
    void* into = ObjectToChange();
    if (into == nullptr) {
      Store(list);
      return Status();
    }
    // `list` may be `into` itself, which grows meanwhile.
    for (size_t i = 0; i < size; ++i) list_.Append(into, list_.At(list, i));
    return Status();
  }

  Status Update(const void* list) override {
    if (list == nullptr) return RefuseArgument("Update with a null list; Clear removes it");
    return UpdateInternal(list);
  }
  Status UpdateInternal(const void* list) override {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    if (list == nullptr || IsNothing(list)) {
      EraseCurrent();
    } else {
      Store(list);
    }
    return Status();
  }

  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return MergeCore(target, sources);
  }

  Status AddBytes(ByteView input) override {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    KVSTATE_RETURN_IF_ERROR(CheckValueBytes(input));
    if (!decoded_) decoded_ = TypedObject(element_);
    KVSTATE_RETURN_IF_ERROR(Decode(*element_, input, decoded_.get()));
    AddElement(decoded_.get());
    return Status();
  }

 private:
  void AddElement(const void* element) {
    void* list = ObjectToChange();
    if (list != nullptr) [[likely]] {
      list_.Append(list, element);
      return;
    }
    TypedObject copy;
    element = KeepSafe(element, element_, &copy);
    list_.Append(InsertNew(), element);
  }
  bool IsNothing(const void* list) const override { return list_.Size(list) == 0; }
  void Merge(void* into, void* from) const override {
    const size_t size = list_.Size(from);
    for (size_t i = 0; i < size; ++i) list_.Append(into, list_.At(from, i));
  }

  const ListSerializer& list_;
  const SerializerPtr element_;
  TypedObject decoded_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeListState(CurrentKey& key, SerializerPtr namespace_serializer,
                                               const StateDescriptor& descriptor) {
  return std::make_unique<HashMapListState>(key, std::move(namespace_serializer), descriptor);
}

}  // namespace kvstate::backends::hashmap

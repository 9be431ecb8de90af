#include <memory>
#include <utility>

#include "backends/hashmap/object_core.h"
#include "backends/hashmap/state_of.h"
#include "backends/hashmap/states.h"

namespace kvstate::backends::hashmap {

namespace {

class HashMapValueState final : public StateOf<InternalValueState, ObjectCore> {
 public:
  using StateOf::StateOf;

  Result<const void*> Get() override {
    if (ReadyAndUnshared()) [[likely]] {
      if (const void* object = Object()) return object;
    }
    return GetOrDefault();
  }

  Status Update(const void* value) override {
    if (value != nullptr && ReadyAndUnshared()) [[likely]] {
      if (void* object = ObjectToChange()) {
        Assign(object, value);
        return Status();
      }
    }
    return StoreOrErase(value);
  }

 private:
  [[gnu::noinline]] Result<const void*> GetOrDefault() {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    const void* object = Object();
    if (object == nullptr && core_descriptor().default_value != nullptr) [[unlikely]]
      object = CopyOfDefault();
    return object;
  }

  [[gnu::noinline]] Status StoreOrErase(const void* value) {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    if (value != nullptr) [[likely]] {
      Store(value);
    } else {
      EraseCurrent();
    }
    return Status();
  }

  /// A fresh copy each time: what a caller does to one must not show in the next.
  const void* CopyOfDefault() {
    value_serializer().CopyAssign(scratch(), core_descriptor().default_value->get());
    return scratch();
  }
};

}  // namespace

std::unique_ptr<InternalKVState> MakeValueState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                const StateDescriptor& descriptor) {
  return std::make_unique<HashMapValueState>(key, std::move(namespace_serializer), descriptor);
}

}  // namespace kvstate::backends::hashmap

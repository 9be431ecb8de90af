#ifndef KVSTATE_BACKENDS_HASHMAP_STATE_OF_H_
#define KVSTATE_BACKENDS_HASHMAP_STATE_OF_H_

#include <memory>
#include <string>
#include <utility>

#include "backends/hashmap/state_core.h"
#include "backends/hashmap/state_visitor.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/serialized_access.h"

namespace kvstate::backends::hashmap {

/// What every kind of state answers in the same way: joins an internal interface to a core.
template <class Interface, class Core>
class StateOf : public Interface, public Core {
 public:
  using Core::Core;

  const StateDescriptor& descriptor() const final { return this->core_descriptor(); }
  const TypeSerializer& key_serializer() const final { return *this->key_context().key_serializer(); }
  const TypeSerializer& namespace_serializer() const final { return this->core_namespace_serializer(); }
  Status SetCurrentNamespace(ByteView encoded) final { return this->CoreSetCurrentNamespace(encoded); }
  ByteView current_namespace() const final { return this->CoreCurrentNamespace(); }
  void ClearCurrentNamespace() final { this->CoreClearCurrentNamespace(); }
  Status Clear() final { return this->CoreClear(); }
  Result<bool> GetSerialized(ByteView key, ByteView state_namespace, std::string* out) final {
    return this->CoreGetSerialized(key, state_namespace, out);
  }
  Result<std::unique_ptr<StateVisitor>> Visit() final { return MakeVisitor(*this); }
  void* GetExtension(std::string_view id) final {
    if (id == SerializedAccess::kExtensionId) return static_cast<SerializedAccess*>(this);
    return nullptr;
  }
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATE_OF_H_

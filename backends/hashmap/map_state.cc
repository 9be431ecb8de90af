#include <memory>
#include <utility>

#include "backends/hashmap/map_core.h"
#include "backends/hashmap/map_iterator.h"
#include "backends/hashmap/state_of.h"
#include "backends/hashmap/states.h"

namespace kvstate::backends::hashmap {

namespace {

template <class Keys>
class HashMapMapState final : public StateOf<InternalMapState, MapCore<Keys>> {
 public:
  using Base = StateOf<InternalMapState, MapCore<Keys>>;
  using Base::Base;
  using typename MapCore<Keys>::Position;

  Result<const void*> Get(const void* user_key) override {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key));
    const Position at = this->FindCurrent(Keys::MakeProbe(user_key_.view()));
    const void* value = at ? this->ValueAt(at) : nullptr;
    return value;
  }
  Status Put(const void* user_key, const void* value) override {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key));
    MapCore<Keys>::Put(Keys::MakeProbe(user_key_.view()), value);
    return Status();
  }
  Status Remove(const void* user_key) override {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key));
    this->Erase(Keys::MakeProbe(user_key_.view()));
    return Status();
  }
  Result<bool> Contains(const void* user_key) override {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key));
    const bool found = static_cast<bool>(this->FindCurrent(Keys::MakeProbe(user_key_.view())));
    return found;
  }
  Result<bool> IsEmpty() override {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    return this->CurrentMap() == nullptr;
  }
  Result<std::unique_ptr<MapIterator>> Iterate() override {
    const StateCore::Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    return MakeMapIterator<Keys>(*this, this->key_context().bytes(), this->CoreCurrentNamespace());
  }

 private:
  /// Checks, and encodes the user key into user_key_.
  Status Prepare(const void* user_key) {
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    if (user_key == nullptr) [[unlikely]]
      return this->RefuseArgument("a user key must not be null");
    user_key_.Clear();
    this->user_key_serializer().Serialize(user_key, user_key_);
    return this->CheckUserKey(user_key_.view());
  }

  ByteWriter user_key_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeMapState(const KeyContext& key, SerializerPtr namespace_serializer,
                                              const StateDescriptor& descriptor) {
  if (descriptor.user_key_serializer->info().encoded_size <= sizeof(uint64_t)) {
    return std::make_unique<HashMapMapState<WordKeys>>(key, std::move(namespace_serializer), descriptor);
  }
  return std::make_unique<HashMapMapState<ByteKeys>>(key, std::move(namespace_serializer), descriptor);
}

}  // namespace kvstate::backends::hashmap

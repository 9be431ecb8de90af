#include <cstring>
#include <memory>
#include <type_traits>
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
  using typename MapCore<Keys>::Probe;

  Result<const void*> Get(const void* user_key) override {
    if constexpr (kWords) {
      if (TakesWord(user_key)) [[likely]] {
        const Position at = this->FindCurrent(WordAt(user_key));
        return at ? this->ValueAt(at) : nullptr;
      }
    }
    return GetAny(user_key);
  }
  Status Put(const void* user_key, const void* value) override {
    if constexpr (kWords) {
      if (TakesWord(user_key)) [[likely]] {
        MapCore<Keys>::Put(WordAt(user_key), value);
        return Status();
      }
    }
    return PutAny(user_key, value);
  }
  Status Remove(const void* user_key) override {
    const StateCore::Lock lock(*this);
    Probe probe;
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key, &probe));
    this->Erase(probe);
    return Status();
  }
  Result<bool> Contains(const void* user_key) override {
    const StateCore::Lock lock(*this);
    Probe probe;
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key, &probe));
    const bool found = static_cast<bool>(this->FindCurrent(probe));
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
  static constexpr bool kWords = std::is_same_v<Keys, WordKeys>;

  /// Whether this is the most frequent case: a number as user key, and nothing to refuse or to lock.
  bool TakesWord(const void* user_key) const {
    return this->user_key_is_word() && user_key != nullptr && this->ReadyAndUnshared();
  }
  static uint64_t WordAt(const void* user_key) {
    uint64_t word;
    std::memcpy(&word, user_key, sizeof(word));
    return word;
  }

  [[gnu::noinline]] Result<const void*> GetAny(const void* user_key) {
    const StateCore::Lock lock(*this);
    Probe probe;
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key, &probe));
    const Position at = this->FindCurrent(probe);
    const void* value = at ? this->ValueAt(at) : nullptr;
    return value;
  }
  [[gnu::noinline]] Status PutAny(const void* user_key, const void* value) {
    const StateCore::Lock lock(*this);
    Probe probe;
    KVSTATE_RETURN_IF_ERROR(Prepare(user_key, &probe));
    MapCore<Keys>::Put(probe, value);
    return Status();
  }

  /// Checks, and makes a probe of the user key, which may look into user_key_.
  Status Prepare(const void* user_key, Probe* probe) {
    KVSTATE_RETURN_IF_ERROR(this->Ready());
    if (user_key == nullptr) [[unlikely]]
      return this->RefuseArgument("a user key must not be null");
    user_key_.Clear();
    this->user_key_serializer().Serialize(user_key, user_key_);
    *probe = Keys::MakeProbe(user_key_.view());
    return this->CheckUserKey(user_key_.view());
  }

  ByteWriter user_key_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeMapState(CurrentKey& key, SerializerPtr namespace_serializer,
                                              const StateDescriptor& descriptor) {
  if (descriptor.user_key_serializer->info().encoded_size <= sizeof(uint64_t)) {
    return std::make_unique<HashMapMapState<WordKeys>>(key, std::move(namespace_serializer), descriptor);
  }
  return std::make_unique<HashMapMapState<ByteKeys>>(key, std::move(namespace_serializer), descriptor);
}

}  // namespace kvstate::backends::hashmap

#include <memory>
#include <utility>

#include "backends/common/ttl_serializer.h"
#include "backends/common/ttl_value_state.h"
#include "backends/hashmap/object_core.h"
#include "backends/hashmap/state_of.h"
#include "backends/hashmap/states.h"

namespace kvstate::backends::hashmap {

namespace {

class HashMapValueState final : public StateOf<InternalValueState, ObjectCore> {
 public:
  HashMapValueState(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor)
      : StateOf(key, std::move(namespace_serializer), descriptor),
        timed_(dynamic_cast<const TtlSerializer*>(&value_serializer())) {}

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

  // Of values with their times, for TtlValueState.
  Result<const void*> GetTimed(int64_t* timestamp) {
    const void* object;
    if (ReadyAndUnshared()) [[likely]] {
      object = Object();
    } else {
      KVSTATE_ASSIGN_OR_RETURN(object, GetOrDefault());
    }
    if (object == nullptr) return nullptr;
    *timestamp = TtlSerializer::StoredTimestampOf(object);
    return timed_->SlotOf(object);
  }

  Status UpdateTimed(int64_t timestamp, const void* value) {
    if (ReadyAndUnshared()) [[likely]] {
      if (void* object = ObjectToChange()) {
        timed_->AssignTimed(object, timestamp, value);
        return Status();
      }
    }
    return StoreTimed(timestamp, value);
  }

 private:
  [[gnu::noinline]] Status StoreTimed(int64_t timestamp, const void* value) {
    const Lock lock(*this);
    KVSTATE_RETURN_IF_ERROR(Ready());
    if (void* object = ObjectToChange()) {
      timed_->AssignTimed(object, timestamp, value);
      return Status();
    }
    TypedObject copy;
    value = KeepSafe(value, timed_->inner(), &copy);
    InsertMade([&](void* object) { timed_->ConstructTimed(object, timestamp, value); });
    return Status();
  }

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

  const TtlSerializer* const timed_;  ///< The value serializer of a state with a time to live; else null.
};

}  // namespace

std::unique_ptr<InternalKVState> MakeValueState(CurrentKey& key, SerializerPtr namespace_serializer,
                                                const StateDescriptor& descriptor) {
  return std::make_unique<HashMapValueState>(key, std::move(namespace_serializer), descriptor);
}

std::unique_ptr<InternalKVState> MakeTtlValueState(TtlStateParts parts) {
  return std::make_unique<TtlValueState<HashMapValueState>>(std::move(parts));
}

}  // namespace kvstate::backends::hashmap

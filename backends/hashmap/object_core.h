#ifndef KVSTATE_BACKENDS_HASHMAP_OBJECT_CORE_H_
#define KVSTATE_BACKENDS_HASHMAP_OBJECT_CORE_H_

#include <memory>
#include <span>

#include "backends/hashmap/payload.h"
#include "backends/hashmap/state_core.h"

namespace kvstate::backends::hashmap {

/// State with one object under each (key, namespace): all kinds but map.
class ObjectCore : public StateCore {
 public:
  ObjectCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor);

  void ForEachValue(const void* payload, const ByteView* after_user_key,
                    const std::function<bool(ByteView user_key, const void* value)>& visit) override;
  bool VisitorUpdate(const void* payload, ByteView user_key, const void* value) override;

  Result<bool> GetBytes(ByteView* value) override;
  Status PutBytes(ByteView value) override;

 protected:
  /// The live object under the current key and namespace, or null.
  const void* Object() {
    const void* payload = Current();
    return payload == nullptr ? nullptr : (boxed_ ? *static_cast<const void* const*>(payload) : payload);
  }
  /// The same, to be changed.
  void* ObjectToChange() {
    void* payload = CurrentToChange();
    return payload == nullptr ? nullptr : (boxed_ ? *static_cast<void**>(payload) : payload);
  }
  /// `value` may be `object`.
  void Assign(void* object, const void* value) const { cell_.CopyAssign(object, value); }
  /// Puts a copy of `value` there, which may be any object of this state.
  void Store(const void* value) {
    if (void* object = ObjectToChange()) {
      cell_.CopyAssign(object, value);
    } else {
      Insert(value);
    }
  }
  /// Moves `value` there. It must not be an object of this state.
  void StoreMoved(void* value);
  /// Puts a value-initialised object there and returns it. REQUIRES: Object() is null.
  void* InsertNew();
  /// Has `make(object)` make one in raw memory, and puts it there. REQUIRES: Object() is null.
  template <class Make>
  void InsertMade(Make make) {
    make(cell_.Allocate(ReserveCurrent()));
    PublishCurrent();
  }
  /// `input`, or a copy of it in `*copy` where the next insertion may move what it points to.
  const void* KeepSafe(const void* input, const SerializerPtr& serializer, TypedObject* copy) const {
    if (HasRoom()) [[likely]]
      return input;
    return CopyTo(input, serializer, copy);
  }
  /// An object for passing use, value-initialised or left from the last use.
  void* scratch();

  const TypeSerializer& value_serializer() const { return cell_.serializer(); }

  /// Folds `from` into the live object `into`; it may take what `from` holds.
  virtual void Merge(void*, void*) const {}
  Status MergeCore(ByteView target, std::span<const ByteView> sources);

  void SerializePayload(const void* payload, ByteWriter& out) const override;
  std::optional<uint64_t> PayloadHeapBytes() const override;

 private:
  void Insert(const void* value);
  static const void* CopyTo(const void* input, const SerializerPtr& serializer, TypedObject* copy);

  const ObjectCell& cell_;
  const bool boxed_;  // As the cell says, nearer at hand.
  TypedObject scratch_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_OBJECT_CORE_H_

#include "backends/hashmap/object_core.h"

#include <utility>

#include "backends/hashmap/namespace_restorer.h"

namespace kvstate::backends::hashmap {

namespace {

/// Larger objects are held behind a pointer: empty slots then cost less, and growing copies less.
constexpr size_t kMaxInlineBytes = 256;

}  // namespace

ObjectCore::ObjectCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor)
    : StateCore(key, std::move(namespace_serializer), descriptor,
                std::make_unique<ObjectCell>(descriptor.value_serializer, kMaxInlineBytes)),
      cell_(static_cast<const ObjectCell&>(*layout().payload)),
      boxed_(cell_.boxed()) {}

void* ObjectCore::scratch() {
  if (!scratch_) scratch_ = TypedObject(core_descriptor().value_serializer);
  return scratch_.get();
}

const void* ObjectCore::CopyTo(const void* input, const SerializerPtr& serializer, TypedObject* copy) {
  *copy = TypedObject(serializer, input);
  return copy->get();
}

void ObjectCore::Insert(const void* value) {
  TypedObject copy;
  value = KeepSafe(value, core_descriptor().value_serializer, &copy);
  InsertMade([&](void* object) { cell_.CopyConstruct(object, value); });
}

void* ObjectCore::InsertNew() {
  void* object = cell_.Allocate(ReserveCurrent());
  value_serializer().Construct(object);
  PublishCurrent();
  return object;
}

void ObjectCore::StoreMoved(void* value) {
  void* object = ObjectToChange();
  if (object == nullptr) object = InsertNew();
  value_serializer().MoveAssign(object, value);
}

Status ObjectCore::MergeCore(ByteView target, std::span<const ByteView> sources) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(KeyReady());
  KVSTATE_RETURN_IF_ERROR(CheckNamespace(target));
  for (const ByteView source : sources) KVSTATE_RETURN_IF_ERROR(CheckNamespace(source));
  const NamespaceRestorer restorer(*this);
  for (const ByteView source : sources) {
    if (source == target) continue;
    SetNamespace(source);
    void* from = ObjectToChange();
    if (from == nullptr) continue;
    // Taken out first: making the target's entry may move the source's.
    value_serializer().MoveAssign(scratch(), from);
    EraseCurrent();
    SetNamespace(target);
    if (void* into = ObjectToChange()) {
      Merge(into, scratch());
    } else {
      StoreMoved(scratch());
    }
  }
  return Status();
}

void ObjectCore::ForEachValue(const void* payload, const ByteView* after_user_key,
                              const std::function<bool(ByteView user_key, const void* value)>& visit) {
  if (after_user_key == nullptr) visit({}, cell_.Object(payload));
}

bool ObjectCore::VisitorUpdate(const void* payload, ByteView, const void* value) {
  cell_.CopyAssign(cell_.Object(ToChange(payload)), value);
  return true;
}

void ObjectCore::SerializePayload(const void* payload, ByteWriter& out) const {
  value_serializer().Serialize(cell_.Object(payload), out);
}

std::optional<uint64_t> ObjectCore::PayloadHeapBytes() const {
  if (!value_serializer().info().trivially_copyable) return std::nullopt;
  return entry_count() * cell_.box_bytes();
}

Result<bool> ObjectCore::GetBytes(ByteView* value) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  const void* object = Object();
  *value = {};
  if (object == nullptr) return false;
  ByteWriter& out = scratch_bytes();
  out.Clear();
  value_serializer().Serialize(object, out);
  *value = out.view();
  return true;
}

Status ObjectCore::PutBytes(ByteView value) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  KVSTATE_RETURN_IF_ERROR(CheckValueBytes(value));
  KVSTATE_RETURN_IF_ERROR(Decode(value_serializer(), value, scratch()));
  if (IsNothing(scratch())) {
    EraseCurrent();
  } else {
    StoreMoved(scratch());
  }
  return Status();
}

}  // namespace kvstate::backends::hashmap

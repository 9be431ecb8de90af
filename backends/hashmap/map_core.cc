#include "backends/hashmap/map_core.h"

#include <cassert>
#include <cstring>
#include <string>
#include <typeinfo>
#include <utility>

#include "kvstate/serializers.h"

namespace kvstate::backends::hashmap {

namespace {

/// Larger values are held behind a pointer, so that a leaf stays a few pages at most.
constexpr size_t kMaxInlineBytes = 128;

/// By the class, not by what it writes: another serializer of that format may have objects of another layout.
template <class T>
bool IsSerializerOf(const TypeSerializer& serializer) {
  return typeid(serializer) == typeid(kvstate::internal::CodecSerializer<T>);
}

}  // namespace

template <class Keys>
MapPayload<Keys>::MapPayload(SerializerPtr value_serializer)
    : Payload(sizeof(Map), alignof(Map), /*moves_by_memcpy=*/true, /*needs_destroy=*/true),
      value_(std::move(value_serializer), kMaxInlineBytes),
      layout_(value_) {}

template <class Keys>
void MapPayload<Keys>::Relocate(void* to, void* from) const {
  std::memcpy(to, from, sizeof(Map));
}

template <class Keys>
void MapPayload<Keys>::Destroy(void* at) const {
  static_cast<Map*>(at)->Destroy(layout_);
}

template <class Keys>
MapCore<Keys>::MapCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor)
    : StateCore(key, std::move(namespace_serializer), descriptor,
                std::make_unique<MapPayload<Keys>>(descriptor.value_serializer)),
      map_layout_(static_cast<const MapPayload<Keys>&>(*layout().payload).layout()),
      user_key_size_(descriptor.user_key_serializer->info().encoded_size),
      user_key_is_word_(IsSerializerOf<uint64_t>(*descriptor.user_key_serializer) ||
                        IsSerializerOf<int64_t>(*descriptor.user_key_serializer)) {}

template <class Keys>
Status MapCore<Keys>::CheckUserKey(ByteView user_key) const {
  if (user_key_size_ == kVariableSize ? user_key.size() <= kMaxKeyBytes : user_key.size() == user_key_size_) [[likely]]
    return Status();
  const std::string length = "a user key of " + std::to_string(user_key.size()) + " bytes";
  if (user_key_size_ != kVariableSize) {
    return RefuseArgument(length + "; its serializer writes " + std::to_string(user_key_size_));
  }
  return RefuseArgument(length + " is over the limit of " + std::to_string(kMaxKeyBytes) + "; shorten it");
}

template <class Keys>
void MapCore<Keys>::Insert(Map& map, const Probe& probe, const void* value) {
  TypedObject copy;
  if (value != nullptr && !map.HasRoom(probe)) {
    // It may be a value of this map, which is about to move.
    copy = TypedObject(core_descriptor().value_serializer, value);
    value = copy.get();
  }
  map.Insert(map_layout_, probe, value);
  CountEntryAdded();
  MarkStructureChanged();
}

template <class Keys>
void MapCore<Keys>::Put(const Probe& probe, const void* value) {
  Map* map = CurrentMap();
  if (map == nullptr) {
    map = new (ReserveCurrent()) Map;
    Insert(*map, probe, value);
    PublishCurrent();
  } else if (const Position at = map->Find(probe)) {
    Assign(at, value);
  } else {
    Insert(*map, probe, value);
  }
}

template <class Keys>
void MapCore<Keys>::PutUnder(ByteView key, ByteView state_namespace, const Probe& user_key, const void* value) {
  auto* map = static_cast<Map*>(FindOrInsertPayload(key, state_namespace, [](void* memory) { new (memory) Map; }));
  if (const Position at = map->Find(user_key)) {
    Assign(at, value);
  } else {
    Insert(*map, user_key, value);
  }
}

template <class Keys>
void MapCore<Keys>::Erase(const Probe& probe) {
  Map* map = CurrentMap();
  if (map == nullptr) return;
  const Position at = map->Find(probe);
  if (!at) return;
  map->Erase(map_layout_, at, /*compact=*/true);
  CountEntryRemoved();
  MarkStructureChanged();
  if (map->empty()) EraseCurrent();
}

template <class Keys>
void MapCore<Keys>::EraseUnder(ByteView key, ByteView state_namespace, Map& map, Position at) {
  map.Erase(map_layout_, at, /*compact=*/false);
  CountEntryRemoved();
  MarkStructureChanged();
  if (map.empty()) StateCore::VisitorRemove(key, state_namespace, {});
}

template <class Keys>
void MapCore<Keys>::ForEachValue(void* payload, const ByteView* after_user_key,
                                 const std::function<bool(ByteView user_key, const void* value)>& visit) {
  const Map& map = *static_cast<const Map*>(payload);
  Position at = after_user_key == nullptr ? map.First() : map.After(Keys::MakeProbe(*after_user_key));
  char buffer[8];
  for (; at; at = Map::Next(at)) {
    if (!visit(Keys::Bytes(Map::KeyAt(at), user_key_size_, buffer), ValueAt(at))) return;
  }
}

template <class Keys>
bool MapCore<Keys>::VisitorUpdate(void* payload, ByteView user_key, const void* value) {
  const Position at = static_cast<const Map*>(payload)->Find(Keys::MakeProbe(user_key));
  if (!at) return false;
  Assign(at, value);
  return true;
}

template <class Keys>
bool MapCore<Keys>::VisitorRemove(ByteView key, ByteView state_namespace, ByteView user_key) {
  Map* map = FindMap(key, state_namespace);
  if (map == nullptr) return false;
  const Position at = map->Find(Keys::MakeProbe(user_key));
  if (!at) return false;
  EraseUnder(key, state_namespace, *map, at);
  return true;
}

template <class Keys>
void MapCore<Keys>::SerializePayload(void* payload, ByteWriter& out) const {
  const Map& map = *static_cast<const Map*>(payload);
  ByteWriter encoded;
  char buffer[8];
  for (Position at = map.First(); at; at = Map::Next(at)) {
    out.PutLengthPrefixed(Keys::Bytes(Map::KeyAt(at), user_key_size_, buffer));
    const void* value = ValueAt(at);
    out.PutByte(value == nullptr ? 1 : 0);
    if (value == nullptr) continue;
    encoded.Clear();
    value_serializer().Serialize(value, encoded);
    out.PutLengthPrefixed(encoded.view());
  }
}

template <class Keys>
Result<bool> MapCore<Keys>::GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  KVSTATE_RETURN_IF_ERROR(CheckUserKey(user_key));
  *value = {};
  *is_null = false;
  const Position at = FindCurrent(Keys::MakeProbe(user_key));
  if (!at) return false;
  const void* object = ValueAt(at);
  *is_null = object == nullptr;
  if (object == nullptr) return true;
  scratch_bytes().Clear();
  value_serializer().Serialize(object, scratch_bytes());
  *value = scratch_bytes().view();
  return true;
}

template <class Keys>
Status MapCore<Keys>::PutEntryBytes(ByteView user_key, ByteView value, bool is_null) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  KVSTATE_RETURN_IF_ERROR(CheckUserKey(user_key));
  if (is_null) {
    Put(Keys::MakeProbe(user_key), nullptr);
    return Status();
  }
  KVSTATE_RETURN_IF_ERROR(CheckValueBytes(value));
  if (!decoded_) decoded_ = TypedObject(core_descriptor().value_serializer);
  KVSTATE_RETURN_IF_ERROR(Decode(value_serializer(), value, decoded_.get()));
  Put(Keys::MakeProbe(user_key), decoded_.get());
  return Status();
}

template <class Keys>
Status MapCore<Keys>::RemoveEntryBytes(ByteView user_key) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  KVSTATE_RETURN_IF_ERROR(CheckUserKey(user_key));
  Erase(Keys::MakeProbe(user_key));
  return Status();
}

template <class Keys>
Result<bool> MapCore<Keys>::ContainsEntryBytes(ByteView user_key) {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  KVSTATE_RETURN_IF_ERROR(CheckUserKey(user_key));
  const Position at = FindCurrent(Keys::MakeProbe(user_key));
  return static_cast<bool>(at);
}

template class MapCore<WordKeys>;
template class MapCore<ByteKeys>;

}  // namespace kvstate::backends::hashmap

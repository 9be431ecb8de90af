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
MapPayload<Keys>::MapPayload(SerializerPtr value_serializer, size_t user_key_size)
    : Payload(sizeof(Map), alignof(Map), /*moves_by_memcpy=*/true, /*needs_destroy=*/true),
      value_(std::move(value_serializer), kMaxInlineBytes),
      user_key_size_(user_key_size),
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
void MapPayload<Keys>::ForEach(const void* map, const ByteView* after,
                               const std::function<bool(ByteView user_key, const void* value)>& visit) const {
  const Map& entries = *static_cast<const Map*>(map);
  auto at = after == nullptr ? entries.First() : entries.After(Keys::MakeProbe(*after));
  char buffer[8];
  for (; at; at = Map::Next(at)) {
    if (!visit(Keys::Bytes(Map::KeyAt(at), user_key_size_, buffer), Map::ValueAt(layout_, at))) return;
  }
}

template <class Keys>
bool MapPayload<Keys>::Find(const void* map, ByteView user_key, const void** value) const {
  const auto at = static_cast<const Map*>(map)->Find(Keys::MakeProbe(user_key));
  if (!at) return false;
  *value = Map::ValueAt(layout_, at);
  return true;
}

template <class Keys>
bool MapPayload<Keys>::Insert(void* map, ByteView user_key, const void* value) const {
  Map& entries = *static_cast<Map*>(map);
  const auto probe = Keys::MakeProbe(user_key);
  if (entries.Find(probe)) return false;
  entries.Insert(layout_, probe, value);
  return true;
}

template <class Keys>
void MapPayload<Keys>::SerializeValue(const void* value, ByteWriter& out) const {
  out.Clear();
  out.PutByte(value == nullptr ? 1 : 0);
  if (value != nullptr) value_.serializer().Serialize(value, out);
}

template <class Keys>
MapCore<Keys>::MapCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor)
    : StateCore(key, std::move(namespace_serializer), descriptor,
                std::make_unique<MapPayload<Keys>>(descriptor.value_serializer,
                                                   descriptor.user_key_serializer->info().encoded_size)),
      map_entries_(static_cast<const MapPayload<Keys>&>(*layout().payload)),
      map_layout_(map_entries_.layout()),
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
SpinLock* MapCore<Keys>::NoteChange(const Map& map, const Probe& probe, Position at) {
  char buffer[8];
  const ByteView user_key = Keys::ProbeBytes(probe, user_key_size_, buffer);
  return AboutToChange(&map, user_key, static_cast<bool>(at), at ? ValueAt(at) : nullptr);
}

template <class Keys>
void MapCore<Keys>::Insert(const Map& map, const Probe& probe, const void* value) {
  TypedObject copy;
  if (value != nullptr && !map.HasRoom(probe)) {
    // It may be a value of this map, which is about to move.
    copy = TypedObject(core_descriptor().value_serializer, value);
    value = copy.get();
  }
  const HeldLock lock(BeforeChange(&map, probe, Position()));
  const_cast<Map&>(map).Insert(map_layout_, probe, value);
  CountEntryAdded();
  MarkStructureChanged();
}

template <class Keys>
void MapCore<Keys>::Remove(const Map& map, const Probe& probe, Position at, bool compact) {
  const HeldLock lock(BeforeChange(&map, probe, at));
  const_cast<Map&>(map).Erase(map_layout_, at, compact);
  CountEntryRemoved();
  MarkStructureChanged();
}

template <class Keys>
void MapCore<Keys>::Put(const Probe& probe, const void* value) {
  const Map* map = CurrentMap();
  if (map == nullptr) {
    map = new (ReserveCurrent()) Map;
    PublishCurrent();
    Insert(*map, probe, value);
  } else if (const Position at = map->Find(probe)) {
    Assign(map, probe, at, value);
  } else {
    Insert(*map, probe, value);
  }
}

template <class Keys>
void MapCore<Keys>::PutUnder(ByteView key, ByteView state_namespace, const Probe& user_key, const void* value) {
  const auto* map = static_cast<const Map*>(FindOrInsertMap(key, state_namespace));
  if (const Position at = map->Find(user_key)) {
    Assign(map, user_key, at, value);
  } else {
    Insert(*map, user_key, value);
  }
}

template <class Keys>
void MapCore<Keys>::Erase(const Probe& probe) {
  const Map* map = CurrentMap();
  if (map == nullptr) return;
  const Position at = map->Find(probe);
  if (!at) return;
  Remove(*map, probe, at, /*compact=*/true);
  if (map->empty()) EraseCurrent();
}

template <class Keys>
void MapCore<Keys>::EraseUnder(ByteView key, ByteView state_namespace, const Map& map, const Probe& user_key,
                               Position at) {
  Remove(map, user_key, at, /*compact=*/false);
  if (map.empty()) StateCore::VisitorRemove(key, state_namespace, {});
}

template <class Keys>
bool MapCore<Keys>::VisitorUpdate(const void* payload, ByteView user_key, const void* value) {
  const Map& map = *static_cast<const Map*>(payload);
  const Probe probe = Keys::MakeProbe(user_key);
  const Position at = map.Find(probe);
  if (!at) return false;
  Assign(&map, probe, at, value);
  return true;
}

template <class Keys>
bool MapCore<Keys>::VisitorRemove(ByteView key, ByteView state_namespace, ByteView user_key) {
  const Map* map = FindMap(key, state_namespace);
  if (map == nullptr) return false;
  const Probe probe = Keys::MakeProbe(user_key);
  const Position at = map->Find(probe);
  if (!at) return false;
  EraseUnder(key, state_namespace, *map, probe, at);
  return true;
}

template <class Keys>
void MapCore<Keys>::SerializePayload(const void* payload, ByteWriter& out) const {
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

template class MapPayload<WordKeys>;
template class MapPayload<ByteKeys>;
template class MapCore<WordKeys>;
template class MapCore<ByteKeys>;

}  // namespace kvstate::backends::hashmap

#ifndef KVSTATE_BACKENDS_HASHMAP_MAP_CORE_H_
#define KVSTATE_BACKENDS_HASHMAP_MAP_CORE_H_

#include <functional>
#include <memory>

#include "backends/hashmap/ordered_map.h"
#include "backends/hashmap/payload.h"
#include "backends/hashmap/state_core.h"

namespace kvstate::backends::hashmap {

/// A map as the payload of a slot.
template <class Keys>
class MapPayload final : public Payload {
 public:
  using Map = OrderedMap<Keys>;

  explicit MapPayload(SerializerPtr value_serializer);
  const typename Map::Layout& layout() const { return layout_; }
  void Relocate(void* to, void* from) const override;
  void Destroy(void* at) const override;

 private:
  const ObjectCell value_;
  const typename Map::Layout layout_;
};

/// What is under one (key, namespace) of a map state, and the entry points by user key bytes. An empty map is absent.
template <class Keys>
class MapCore : public StateCore {
 public:
  using Map = OrderedMap<Keys>;
  using Position = typename Map::Position;
  using Probe = typename Map::Probe;

  MapCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor);

  void ForEachValue(void* payload, const ByteView* after_user_key,
                    const std::function<bool(ByteView user_key, const void* value)>& visit) override;
  bool VisitorUpdate(void* payload, ByteView user_key, const void* value) override;
  bool VisitorRemove(ByteView key, ByteView state_namespace, ByteView user_key) override;

  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override;
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override;
  Status RemoveEntryBytes(ByteView user_key) override;
  Result<bool> ContainsEntryBytes(ByteView user_key) override;

  // --- for iterators, under the lock ---
  using StateCore::Decode;
  using StateCore::structure_version;
  /// The map under any key and namespace, or null.
  Map* FindMap(ByteView key, ByteView state_namespace) const {
    return static_cast<Map*>(FindPayload(key, state_namespace));
  }
  void PutUnder(ByteView key, ByteView state_namespace, const Probe& user_key, const void* value);
  /// Also when it is the last entry. REQUIRES: `at` is in what FindMap gives.
  void EraseUnder(ByteView key, ByteView state_namespace, Map& map, Position at);
  void* ValueAt(Position at) const { return Map::ValueAt(map_layout_, at); }
  void Assign(Position at, const void* value) { Map::Assign(map_layout_, at, value); }
  size_t user_key_size() const { return user_key_size_; }
  /// Whether user keys are 64-bit numbers as objects too: a WordKeys cell is then the object itself.
  bool user_key_is_word() const { return user_key_is_word_; }
  const TypeSerializer& user_key_serializer() const { return *core_descriptor().user_key_serializer; }

 protected:
  Status CheckUserKey(ByteView user_key) const;
  /// The current map, or null.
  Map* CurrentMap() { return static_cast<Map*>(Current()); }
  Position FindCurrent(const Probe& probe) {
    const Map* map = CurrentMap();
    return map == nullptr ? Position() : map->Find(probe);
  }
  void Put(const Probe& probe, const void* value);
  void Erase(const Probe& probe);

  void SerializePayload(void* payload, ByteWriter& out) const override;
  uint64_t EntriesIn(const void* payload) const override { return static_cast<const Map*>(payload)->size(); }
  bool counts_table_entries() const override { return false; }
  std::optional<uint64_t> PayloadHeapBytes() const override { return std::nullopt; }

 private:
  /// Adds an entry that is not there.
  void Insert(Map& map, const Probe& probe, const void* value);
  const TypeSerializer& value_serializer() const { return map_layout_.value->serializer(); }

  const typename Map::Layout& map_layout_;
  const size_t user_key_size_;  // Or kVariableSize.
  const bool user_key_is_word_;
  TypedObject decoded_;
};

extern template class MapCore<WordKeys>;
extern template class MapCore<ByteKeys>;

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_MAP_CORE_H_

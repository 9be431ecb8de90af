#ifndef KVSTATE_BACKENDS_HASHMAP_MAP_CORE_H_
#define KVSTATE_BACKENDS_HASHMAP_MAP_CORE_H_

#include <functional>
#include <memory>

#include "backends/hashmap/map_entries.h"
#include "backends/hashmap/ordered_map.h"
#include "backends/hashmap/payload.h"
#include "backends/hashmap/state_core.h"

namespace kvstate::backends::hashmap {

/// A map as the payload of a slot.
template <class Keys>
class MapPayload final : public Payload, public MapEntries {
 public:
  using Map = OrderedMap<Keys>;

  MapPayload(SerializerPtr value_serializer, size_t user_key_size);
  const typename Map::Layout& layout() const { return layout_; }
  void Relocate(void* to, void* from) const override;
  void Destroy(void* at) const override;
  const MapEntries* map_entries() const override { return this; }

  void ForEach(const void* map, const ByteView* after,
               const std::function<bool(ByteView user_key, const void* value)>& visit) const override;
  bool Find(const void* map, ByteView user_key, const void** value) const override;
  void Construct(void* at) const override { new (at) Map; }
  bool Insert(void* map, ByteView user_key, const void* value) const override;
  void SerializeValue(const void* value, ByteWriter& out) const override;

 private:
  const ObjectCell value_;
  const size_t user_key_size_;
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

  void ForEachValue(const void* payload, const ByteView* after_user_key,
                    const std::function<bool(ByteView user_key, const void* value)>& visit) override {
    map_entries_.ForEach(payload, after_user_key, visit);
  }
  bool VisitorUpdate(const void* payload, ByteView user_key, const void* value) override;
  bool VisitorRemove(ByteView key, ByteView state_namespace, ByteView user_key) override;

  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override;
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override;
  Status RemoveEntryBytes(ByteView user_key) override;
  Result<bool> ContainsEntryBytes(ByteView user_key) override;

  // --- for iterators, under the lock ---
  using StateCore::Decode;
  using StateCore::is_watched;
  using StateCore::structure_version;
  /// The map under any key and namespace, or null.
  const Map* FindMap(ByteView key, ByteView state_namespace) const {
    return static_cast<const Map*>(FindPayload(key, state_namespace));
  }
  void PutUnder(ByteView key, ByteView state_namespace, const Probe& user_key, const void* value);
  /// Also when it is the last entry. REQUIRES: `at` is the user key's in `map`, which is what FindMap gives.
  void EraseUnder(ByteView key, ByteView state_namespace, const Map& map, const Probe& user_key, Position at);
  const void* ValueAt(Position at) const { return Map::ValueAt(map_layout_, at); }
  /// REQUIRES: `at` is the user key's in `map`, which may be null unless is_watched().
  void Assign(const Map* map, const Probe& user_key, Position at, const void* value) {
    const HeldLock lock(BeforeChange(map, user_key, at));
    Map::Assign(map_layout_, at, value);
  }
  size_t user_key_size() const { return user_key_size_; }
  /// Whether user keys are 64-bit numbers as objects too: a WordKeys cell is then the object itself.
  bool user_key_is_word() const { return user_key_is_word_; }
  const TypeSerializer& user_key_serializer() const { return *core_descriptor().user_key_serializer; }

 protected:
  Status CheckUserKey(ByteView user_key) const;
  /// The current map, or null.
  const Map* CurrentMap() { return static_cast<const Map*>(Current()); }
  Position FindCurrent(const Probe& probe) {
    const Map* map = CurrentMap();
    return map == nullptr ? Position() : map->Find(probe);
  }
  void Put(const Probe& probe, const void* value);
  void Erase(const Probe& probe);

  void SerializePayload(const void* payload, ByteWriter& out) const override;
  uint64_t EntriesIn(const void* payload) const override { return static_cast<const Map*>(payload)->size(); }
  std::optional<uint64_t> PayloadHeapBytes() const override { return std::nullopt; }

 private:
  /// Adds an entry that is not there. REQUIRES: `map` is published.
  void Insert(const Map& map, const Probe& probe, const void* value);
  void Remove(const Map& map, const Probe& probe, Position at, bool compact);
  /// AboutToChange of the entry at `at`, or, where there is none, of one that will be.
  SpinLock* BeforeChange(const Map* map, const Probe& probe, Position at) {
    return is_watched() ? NoteChange(*map, probe, at) : nullptr;
  }
  [[gnu::noinline]] SpinLock* NoteChange(const Map& map, const Probe& probe, Position at);
  const TypeSerializer& value_serializer() const { return map_layout_.value->serializer(); }

  const MapPayload<Keys>& map_entries_;
  const typename Map::Layout& map_layout_;
  const size_t user_key_size_;  // Or kVariableSize.
  const bool user_key_is_word_;
  TypedObject decoded_;
};

extern template class MapCore<WordKeys>;
extern template class MapCore<ByteKeys>;

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_MAP_CORE_H_

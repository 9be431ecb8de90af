#ifndef KVSTATE_BACKENDS_HASHMAP_ORDERED_MAP_H_
#define KVSTATE_BACKENDS_HASHMAP_ORDERED_MAP_H_

#include <cstddef>
#include <cstdint>

#include "backends/hashmap/map_keys.h"
#include "backends/hashmap/payload.h"

namespace kvstate::backends::hashmap {

/// A run of up to kMaxEntries entries of a map, in one allocation: this head, the key cells in ascending order, for
/// each key the number of its value cell (one byte), the value cells in any order. Adding and removing entries shifts
/// keys and numbers; values stay where they are until the leaf grows, splits or merges.
struct MapLeaf {
  static constexpr uint32_t kMaxEntries = 32;

  MapLeaf* next;   ///< The leaf with the keys that follow.
  uint32_t used;   ///< Bit i: value cell i belongs to an entry.
  uint32_t nulls;  ///< Bit i: that entry's value is null, and the cell raw memory.
  uint16_t count;
  uint16_t capacity;
  uint32_t values_offset;  ///< Of the first value cell, from the leaf's start.
};

/// One map of user keys to objects, in ascending byte order of the keys: a leaf while it is small, which most maps of
/// streaming state are, and a B-tree directory over leaves beyond.
///
/// The root is one word, all zeros when empty, and moves by memcpy. What is the same for all maps of a state is handed
/// in with each call. Destroy must end its life.
template <class Keys>
class OrderedMap {
 public:
  using Cell = typename Keys::Cell;
  using Probe = typename Keys::Probe;

  /// What is the same for all maps of a state.
  struct Layout {
    explicit Layout(const ObjectCell& value_cell) : value(&value_cell) {}
    const ObjectCell* value;
  };
  /// An entry; false when there is none. Valid until the map changes by more than assignment.
  struct Position {
    MapLeaf* leaf = nullptr;
    uint32_t index = 0;
    explicit operator bool() const { return leaf != nullptr; }
  };

  bool empty() const { return root_ == 0; }
  size_t size() const;

  Position Find(const Probe& probe) const;
  Position First() const;
  /// The first entry whose key is greater.
  Position After(const Probe& probe) const;
  static Position Next(Position at);

  /// Starts to load what a search in a map that is one leaf will read.
  [[gnu::always_inline]] inline void Prefetch() const {
    const char* leaf = reinterpret_cast<const char*>(root_);
    __builtin_prefetch(leaf);
    __builtin_prefetch(leaf + 64);
    __builtin_prefetch(leaf + 128);
    __builtin_prefetch(leaf + 192);
  }

  static const Cell& KeyAt(Position at) { return KeysOf(at.leaf)[at.index]; }
  /// Null where a null value is stored.
  static void* ValueAt(const Layout& layout, Position at);

  /// Whether Insert would leave all values where they are.
  bool HasRoom(const Probe& probe) const;
  /// Adds an entry with a copy of `value`, or null. REQUIRES: the key is not there; `value` is in no leaf of the map
  /// unless HasRoom.
  void Insert(const Layout& layout, const Probe& probe, const void* value);
  /// Overwrites a value. `value` may be the one that is there.
  static void Assign(const Layout& layout, Position at, const void* value);
  /// Without `compact`, leaves all other values where they are.
  void Erase(const Layout& layout, Position at, bool compact);
  void Destroy(const Layout& layout);

 private:
  struct Directory;
  static constexpr uintptr_t kDirectoryTag = 1;

  bool HasDirectory() const { return (root_ & kDirectoryTag) != 0; }
  Directory* directory() const { return reinterpret_cast<Directory*>(root_ - kDirectoryTag); }
  MapLeaf* only_leaf() const { return reinterpret_cast<MapLeaf*>(root_); }

  static uint8_t* OrderOf(MapLeaf* leaf) { return reinterpret_cast<uint8_t*>(leaf + 1); }
  static Cell* KeysOf(MapLeaf* leaf) {
    return reinterpret_cast<Cell*>(OrderOf(leaf) + KeysAlignedOrder(leaf->capacity));
  }
  /// Bytes that the numbers of value cells take in front of the keys.
  static constexpr size_t KeysAlignedOrder(size_t capacity) {
    return (capacity + alignof(Cell) - 1) / alignof(Cell) * alignof(Cell);
  }
  static size_t ValuesOffset(const Layout& layout, uint32_t capacity);
  static char* CellAt(const Layout& layout, MapLeaf* leaf, uint32_t number) {
    return reinterpret_cast<char*>(leaf) + leaf->values_offset + number * layout.value->size();
  }
  static MapLeaf* NewLeaf(const Layout& layout, uint32_t capacity);
  static void FreeLeaf(const Layout& layout, MapLeaf* leaf);
  static void DestroyLeaf(const Layout& layout, MapLeaf* leaf);
  static uint32_t LowerBound(MapLeaf* leaf, const Probe& probe);
  /// Appends entries [first, last) of `from`, which are raw memory there afterwards.
  static void MoveEntries(const Layout& layout, MapLeaf* from, uint32_t first, uint32_t last, MapLeaf* to);
  static void InsertAt(const Layout& layout, MapLeaf* leaf, uint32_t index, const Probe& probe, const void* value);

  MapLeaf* LeafFor(const Probe& probe) const;
  /// A leaf with room for `probe`. REQUIRES: `leaf` is where it belongs, and full.
  MapLeaf* MakeRoom(const Layout& layout, MapLeaf* leaf, const Probe& probe);
  MapLeaf* Split(const Layout& layout, MapLeaf* leaf, const Probe& probe);
  /// Takes an empty leaf out of the directory, or joins a leaf that has few entries with the next.
  void Tidy(const Layout& layout, MapLeaf* leaf, const Probe& probe, bool compact);

  uintptr_t root_ = 0;  // 0, the one leaf, or the directory plus kDirectoryTag.
};

extern template class OrderedMap<WordKeys>;
extern template class OrderedMap<ByteKeys>;

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_ORDERED_MAP_H_

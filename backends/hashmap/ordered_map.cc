#include "backends/hashmap/ordered_map.h"

#include <absl/container/btree_map.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <type_traits>

namespace kvstate::backends::hashmap {

namespace {

constexpr uint32_t kFirstCapacity = 2;
/// A leaf with no more entries than this joins the next one if both together have at most kMaxJoined.
constexpr uint32_t kFewEntries = 8;
constexpr uint32_t kMaxJoined = 24;

}  // namespace

/// Leaves by a key that is at most their first and above the last of the leaf before: for the first leaf, the least key
/// there can be.
template <class Keys>
struct OrderedMap<Keys>::Directory {
  absl::btree_map<typename Keys::Fence, MapLeaf*, std::less<>> leaves;
  size_t size = 0;

  auto IteratorFor(const Probe& probe) { return std::prev(leaves.upper_bound(Keys::FenceProbe(probe))); }
};

template <class Keys>
size_t OrderedMap<Keys>::ValuesOffset(const Layout& layout, uint32_t capacity) {
  const size_t end = sizeof(MapLeaf) + KeysAlignedOrder(capacity) + capacity * sizeof(Cell);
  const size_t alignment = layout.value->alignment();
  return (end + alignment - 1) / alignment * alignment;
}

template <class Keys>
MapLeaf* OrderedMap<Keys>::NewLeaf(const Layout& layout, uint32_t capacity) {
  const size_t values_offset = ValuesOffset(layout, capacity);
  const size_t bytes = values_offset + capacity * layout.value->size();
  const size_t alignment = std::max(alignof(MapLeaf), layout.value->alignment());
  void* memory = ::operator new(bytes, std::align_val_t(alignment));
  return new (memory) MapLeaf{nullptr, 0, 0, 0, static_cast<uint16_t>(capacity), static_cast<uint32_t>(values_offset)};
}

template <class Keys>
void OrderedMap<Keys>::FreeLeaf(const Layout& layout, MapLeaf* leaf) {
  ::operator delete(leaf, std::align_val_t(std::max(alignof(MapLeaf), layout.value->alignment())));
}

template <class Keys>
void OrderedMap<Keys>::DestroyLeaf(const Layout& layout, MapLeaf* leaf) {
  for (uint32_t i = 0; i < leaf->count; ++i) Keys::Free(KeysOf(leaf)[i]);
  if (layout.value->needs_destroy()) {
    for (uint32_t live = leaf->used & ~leaf->nulls; live != 0; live &= live - 1) {
      layout.value->Destroy(CellAt(layout, leaf, static_cast<uint32_t>(std::countr_zero(live))));
    }
  }
  FreeLeaf(layout, leaf);
}

template <class Keys>
uint32_t OrderedMap<Keys>::LowerBound(MapLeaf* leaf, const Probe& probe) {
  const Cell* keys = KeysOf(leaf);
  const uint32_t count = leaf->count;
  if constexpr (std::is_same_v<Cell, uint64_t>) {
    // No step waits for the one before: the lines of a leaf that is not in the cache are loaded side by side.
    uint32_t less = 0;
    for (uint32_t i = 0; i < count; ++i) less += keys[i] < probe ? 1 : 0;
    return less;
  }
  return static_cast<uint32_t>(
      std::partition_point(keys, keys + count, [&probe](const Cell& key) { return Keys::Less(key, probe); }) - keys);
}

template <class Keys>
MapLeaf* OrderedMap<Keys>::LeafFor(const Probe& probe) const {
  return HasDirectory() ? directory()->IteratorFor(probe)->second : only_leaf();
}

template <class Keys>
size_t OrderedMap<Keys>::size() const {
  if (empty()) return 0;
  return HasDirectory() ? directory()->size : only_leaf()->count;
}

template <class Keys>
auto OrderedMap<Keys>::Find(const Probe& probe) const -> Position {
  if (empty()) return {};
  Prefetch();
  MapLeaf* leaf = LeafFor(probe);
  const uint32_t index = LowerBound(leaf, probe);
  if (index == leaf->count || !Keys::Equal(KeysOf(leaf)[index], probe)) return {};
  return {leaf, index};
}

template <class Keys>
auto OrderedMap<Keys>::First() const -> Position {
  if (empty()) return {};
  return {HasDirectory() ? directory()->leaves.begin()->second : only_leaf(), 0};
}

template <class Keys>
auto OrderedMap<Keys>::After(const Probe& probe) const -> Position {
  if (empty()) return {};
  MapLeaf* leaf = LeafFor(probe);
  uint32_t index = LowerBound(leaf, probe);
  if (index < leaf->count && Keys::Equal(KeysOf(leaf)[index], probe)) ++index;
  if (index < leaf->count) return {leaf, index};
  return {leaf->next, 0};
}

template <class Keys>
auto OrderedMap<Keys>::Next(Position at) -> Position {
  if (at.index + 1 < at.leaf->count) return {at.leaf, at.index + 1};
  return {at.leaf->next, 0};
}

template <class Keys>
void* OrderedMap<Keys>::ValueAt(const Layout& layout, Position at) {
  const uint32_t number = OrderOf(at.leaf)[at.index];
  if ((at.leaf->nulls >> number & 1) != 0) return nullptr;
  return layout.value->Object(CellAt(layout, at.leaf, number));
}

template <class Keys>
bool OrderedMap<Keys>::HasRoom(const Probe& probe) const {
  if (empty()) return true;
  const MapLeaf* leaf = LeafFor(probe);
  return leaf->count < leaf->capacity;
}

template <class Keys>
void OrderedMap<Keys>::InsertAt(const Layout& layout, MapLeaf* leaf, uint32_t index, const Probe& probe,
                                const void* value) {
  assert(leaf->count < leaf->capacity);
  const auto number = static_cast<uint32_t>(std::countr_one(leaf->used));
  if (value != nullptr) {
    void* cell = CellAt(layout, leaf, number);
    layout.value->CopyConstruct(layout.value->Allocate(cell), value);
  } else {
    leaf->nulls |= 1u << number;
  }
  leaf->used |= 1u << number;
  Cell* keys = KeysOf(leaf);
  uint8_t* order = OrderOf(leaf);
  const uint32_t behind = leaf->count - index;
  std::memmove(keys + index + 1, keys + index, behind * sizeof(Cell));
  std::memmove(order + index + 1, order + index, behind);
  keys[index] = Keys::MakeCell(probe);
  order[index] = static_cast<uint8_t>(number);
  ++leaf->count;
}

template <class Keys>
void OrderedMap<Keys>::MoveEntries(const Layout& layout, MapLeaf* from, uint32_t first, uint32_t last, MapLeaf* to) {
  assert(to->count + (last - first) <= to->capacity);
  for (uint32_t i = first; i < last; ++i) {
    const uint32_t old_number = OrderOf(from)[i];
    const auto number = static_cast<uint32_t>(std::countr_one(to->used));
    KeysOf(to)[to->count] = KeysOf(from)[i];
    OrderOf(to)[to->count] = static_cast<uint8_t>(number);
    ++to->count;
    to->used |= 1u << number;
    from->used &= ~(1u << old_number);
    if ((from->nulls >> old_number & 1) != 0) {
      to->nulls |= 1u << number;
      from->nulls &= ~(1u << old_number);
    } else if (layout.value->moves_by_memcpy()) {
      std::memcpy(CellAt(layout, to, number), CellAt(layout, from, old_number), layout.value->size());
    } else {
      layout.value->Relocate(CellAt(layout, to, number), CellAt(layout, from, old_number));
    }
  }
}

template <class Keys>
MapLeaf* OrderedMap<Keys>::Split(const Layout& layout, MapLeaf* leaf, const Probe& probe) {
  char buffer[8];
  if (!HasDirectory()) {
    auto* made = new Directory;
    made->leaves.emplace(Keys::LeastFence(), leaf);
    made->size = leaf->count;
    root_ = reinterpret_cast<uintptr_t>(made) + kDirectoryTag;
  }
  MapLeaf* right = NewLeaf(layout, MapLeaf::kMaxEntries);
  right->next = leaf->next;
  // Keys that come in ascending order leave full leaves behind.
  const bool at_end = leaf->next == nullptr && LowerBound(leaf, probe) == leaf->count;
  const uint32_t middle = at_end ? leaf->count : leaf->count / 2u;
  if (!at_end) MoveEntries(layout, leaf, middle, leaf->count, right);
  const Probe fence = at_end ? probe : Keys::ProbeOf(KeysOf(right)[0], buffer);
  directory()->leaves.emplace(Keys::MakeFence(fence), right);
  leaf->count = static_cast<uint16_t>(middle);
  leaf->next = right;
  if (at_end) return right;
  return Keys::FenceProbe(probe) < Keys::FenceProbe(fence) ? leaf : right;
}

template <class Keys>
MapLeaf* OrderedMap<Keys>::MakeRoom(const Layout& layout, MapLeaf* leaf, const Probe& probe) {
  if (leaf->capacity == MapLeaf::kMaxEntries) return Split(layout, leaf, probe);
  // Only an only leaf is smaller than the largest.
  assert(!HasDirectory());
  MapLeaf* grown = NewLeaf(layout, leaf->capacity * 2u);
  MoveEntries(layout, leaf, 0, leaf->count, grown);
  FreeLeaf(layout, leaf);
  root_ = reinterpret_cast<uintptr_t>(grown);
  return grown;
}

template <class Keys>
void OrderedMap<Keys>::Insert(const Layout& layout, const Probe& probe, const void* value) {
  if (empty()) root_ = reinterpret_cast<uintptr_t>(NewLeaf(layout, kFirstCapacity));
  MapLeaf* leaf = LeafFor(probe);
  if (leaf->count == leaf->capacity) leaf = MakeRoom(layout, leaf, probe);
  InsertAt(layout, leaf, LowerBound(leaf, probe), probe, value);
  if (HasDirectory()) ++directory()->size;
}

template <class Keys>
void OrderedMap<Keys>::Assign(const Layout& layout, Position at, const void* value) {
  MapLeaf* leaf = at.leaf;
  const uint32_t number = OrderOf(leaf)[at.index];
  const uint32_t bit = 1u << number;
  char* cell = CellAt(layout, leaf, number);
  const bool was_null = (leaf->nulls & bit) != 0;
  if (value == nullptr) {
    if (!was_null && layout.value->needs_destroy()) layout.value->Destroy(cell);
    leaf->nulls |= bit;
  } else if (was_null) {
    layout.value->CopyConstruct(layout.value->Allocate(cell), value);
    leaf->nulls &= ~bit;
  } else {
    layout.value->CopyAssign(layout.value->Object(cell), value);
  }
}

template <class Keys>
void OrderedMap<Keys>::Erase(const Layout& layout, Position at, bool compact) {
  MapLeaf* leaf = at.leaf;
  const Cell erased = KeysOf(leaf)[at.index];
  const uint32_t number = OrderOf(leaf)[at.index];
  const uint32_t bit = 1u << number;
  if ((leaf->nulls & bit) == 0 && layout.value->needs_destroy()) layout.value->Destroy(CellAt(layout, leaf, number));
  leaf->used &= ~bit;
  leaf->nulls &= ~bit;
  const uint32_t behind = leaf->count - at.index - 1;
  std::memmove(KeysOf(leaf) + at.index, KeysOf(leaf) + at.index + 1, behind * sizeof(Cell));
  std::memmove(OrderOf(leaf) + at.index, OrderOf(leaf) + at.index + 1, behind);
  --leaf->count;
  if (HasDirectory()) {
    --directory()->size;
    char buffer[8];
    if (leaf->count <= kFewEntries) Tidy(layout, leaf, Keys::ProbeOf(erased, buffer), compact);
  } else if (leaf->count == 0) {
    FreeLeaf(layout, leaf);
    root_ = 0;
  }
  Keys::Free(erased);
}

template <class Keys>
void OrderedMap<Keys>::Tidy(const Layout& layout, MapLeaf* leaf, const Probe& probe, bool compact) {
  auto& leaves = directory()->leaves;
  auto it = directory()->IteratorFor(probe);
  assert(it->second == leaf);
  if (leaf->count == 0) {
    if (it == leaves.begin()) {
      it->second = leaf->next;
      ++it;
    } else {
      std::prev(it)->second->next = leaf->next;
    }
    FreeLeaf(layout, leaf);
    leaves.erase(it);
  } else if (compact && leaf->next != nullptr && leaf->count + leaf->next->count <= static_cast<int>(kMaxJoined)) {
    MapLeaf* right = leaf->next;
    MoveEntries(layout, right, 0, right->count, leaf);
    leaf->next = right->next;
    FreeLeaf(layout, right);
    leaves.erase(std::next(it));
  }
  if (leaves.size() > 1) return;
  Directory* dropped = directory();
  root_ = reinterpret_cast<uintptr_t>(leaves.begin()->second);
  delete dropped;
}

template <class Keys>
void OrderedMap<Keys>::Destroy(const Layout& layout) {
  MapLeaf* leaf = First().leaf;
  if (HasDirectory()) delete directory();
  while (leaf != nullptr) {
    MapLeaf* next = leaf->next;
    DestroyLeaf(layout, leaf);
    leaf = next;
  }
  root_ = 0;
}

template class OrderedMap<WordKeys>;
template class OrderedMap<ByteKeys>;

}  // namespace kvstate::backends::hashmap

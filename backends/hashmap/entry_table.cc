#include "backends/hashmap/entry_table.h"

#include <algorithm>
#include <new>
#include <utility>

namespace kvstate::backends::hashmap {

namespace {

constexpr size_t kMinCapacity = 4;
/// Tables smaller than this are not worth shrinking.
constexpr size_t kMinShrinkCapacity = 64;

size_t AlignUp(size_t n, size_t alignment) { return (n + alignment - 1) / alignment * alignment; }

size_t MaxEntries(size_t capacity) {
  return capacity < EntryTable::kGroupSlots ? capacity - 1 : capacity - capacity / 8;
}

/// Of the control bytes, in front of the slots.
size_t ControlBytes(const TableLayout& layout, size_t capacity) {
  return AlignUp(std::max(capacity, EntryTable::kGroupSlots), layout.alignment);
}

size_t TableBytes(const TableLayout& layout, size_t capacity) {
  return ControlBytes(layout, capacity) + capacity * layout.slot_bytes;
}

}  // namespace

TableLayout::TableLayout(const KeyLayout& key_layout, const Payload& slot_payload, TableMemory& table_memory)
    : key(key_layout), payload(&slot_payload), memory(&table_memory) {
  payload_offset = AlignUp(key.slot_bytes(), payload->alignment());
  const size_t slot_alignment = std::max(alignof(uint64_t), payload->alignment());
  slot_bytes = AlignUp(payload_offset + payload->size(), slot_alignment);
  alignment = std::max(slot_alignment, EntryTable::kGroupSlots);
  slot_bytes_inverse = UINT64_MAX / slot_bytes + 1;
}

ByteView TableLayout::NamespaceOf(const char* slot) const {
  if (key.void_namespace) return kVoidNamespaceBytes;
  if (key.words == 0) return reinterpret_cast<const VariableKey*>(slot)->state_namespace();
  return {slot + key.key_bytes, key.namespace_bytes};
}

uint64_t TableLayout::HashOf(const char* slot) const {
  const uint64_t key_hash = HashKeyBytes(KeyOf(slot));
  return key.void_namespace ? key_hash : key_hash ^ HashNamespaceBytes(NamespaceOf(slot));
}

size_t EntryTable::allocated_bytes(const TableLayout& layout) const {
  return capacity_ == 0 ? 0 : TableBytes(layout, capacity_);
}

void EntryTable::Allocate(const TableLayout& layout, size_t capacity) {
  assert(std::has_single_bit(capacity));
  void* memory = layout.memory->Allocate(TableBytes(layout, capacity), layout.alignment);
  control_ = static_cast<int8_t*>(memory);
  slots_ = static_cast<char*>(memory) + ControlBytes(layout, capacity);
  capacity_ = capacity;
  group_mask_ = std::max(capacity, kGroupSlots) / kGroupSlots - 1;
  slot_mask_ = capacity - 1;
  home_shift_ = 63 - static_cast<uint32_t>(std::bit_width(group_mask_));
  size_ = 0;
  room_ = MaxEntries(capacity);
  has_displaced_ = false;
  std::memset(control_, ControlGroup::kOutside, std::max(capacity, kGroupSlots));
  std::memset(control_, ControlGroup::kEmpty, capacity);
}

void EntryTable::Free(const TableLayout& layout, int8_t* control, size_t capacity) {
  if (capacity != 0) layout.memory->Free(control, TableBytes(layout, capacity), layout.alignment);
}

void EntryTable::Grow(const TableLayout& layout, TableStamps* stamps) {
  assert(room_ == 0);
  if (capacity_ == 0) {
    Allocate(layout, kMinCapacity);
  } else {
    // Room lost to tombstones rather than to entries is won back at the same size.
    Rehash(layout, size_ <= MaxEntries(capacity_) * 3 / 4 ? capacity_ : capacity_ * 2, stamps);
  }
}

void EntryTable::AllocateFor(const TableLayout& layout, size_t entries) {
  assert(capacity_ == 0);
  size_t capacity = kMinCapacity;
  while (MaxEntries(capacity) < entries) capacity *= 2;
  if (entries != 0) Allocate(layout, capacity);
}

void EntryTable::Rehash(const TableLayout& layout, size_t capacity, TableStamps* stamps) {
  int8_t* const old_control = control_;
  char* const old_slots = slots_;
  const size_t old_capacity = capacity_;
  const size_t old_size = size_;
  Allocate(layout, capacity);
  const bool stamped = stamps != nullptr && *stamps != nullptr;
  TableStamps moved_stamps = stamped ? std::make_unique<uint32_t[]>(capacity) : nullptr;
  for (size_t i = 0; i < old_capacity; ++i) {
    if (old_control[i] < 0) continue;
    char* from = old_slots + i * layout.slot_bytes;
    const uint64_t hash = layout.HashOf(from);
    const size_t index = FindFree(hash);
    char* to = SlotAt(layout, index);
    if (layout.payload->moves_by_memcpy()) {
      std::memcpy(to, from, layout.slot_bytes);
    } else {
      std::memcpy(to, from, layout.key.slot_bytes());
      layout.payload->Relocate(layout.PayloadOf(to), layout.PayloadOf(from));
    }
    control_[index] = Fingerprint(hash);
    NotePlace(index, hash);
    if (stamped) moved_stamps[index] = (*stamps)[i];
  }
  if (stamped) *stamps = std::move(moved_stamps);
  size_ = old_size;
  room_ -= old_size;
  Free(layout, old_control, old_capacity);
}

size_t EntryTable::FindFree(uint64_t hash) const {
  assert(room_ != 0);
  const size_t favourite = FavouriteSlot(hash);
  if (control_[favourite] == ControlGroup::kEmpty) return favourite;
  for (size_t group = HomeGroup(hash), step = 0;; group = (group + ++step) & group_mask_) {
    const uint32_t free = ControlGroup(control_ + group * kGroupSlots).EmptyOrTombstone();
    if (free != 0) return group * kGroupSlots + static_cast<size_t>(std::countr_zero(free));
  }
}

void EntryTable::Publish(const TableLayout& layout, size_t index, const EntryKey& key) {
  assert(control_[index] == ControlGroup::kEmpty || control_[index] == ControlGroup::kTombstone);
  char* slot = SlotAt(layout, index);
  if (layout.key.words == 0) {
    reinterpret_cast<VariableKey*>(slot)->Set(key);
  } else {
    std::memcpy(slot, key.words, layout.key.slot_bytes());
  }
  if (control_[index] == ControlGroup::kEmpty) --room_;
  control_[index] = Fingerprint(key.hash);
  NotePlace(index, key.hash);
  ++size_;
}

void EntryTable::Erase(const TableLayout& layout, char* slot) {
  const size_t index = IndexOf(layout, slot);
  assert(IsFull(index));
  if (layout.payload->needs_destroy()) layout.payload->Destroy(layout.PayloadOf(slot));
  if (layout.key.words == 0) reinterpret_cast<VariableKey*>(slot)->Free();
  const bool ends_searches = ControlGroup(control_ + index / kGroupSlots * kGroupSlots).Empty() != 0;
  control_[index] = ends_searches ? ControlGroup::kEmpty : ControlGroup::kTombstone;
  if (ends_searches) ++room_;
  --size_;
}

bool EntryTable::ShrinkIfSparse(const TableLayout& layout, TableStamps* stamps) {
  if (capacity_ < kMinShrinkCapacity || size_ > capacity_ / 16) return false;
  if (size_ == 0) {
    Destroy(layout);
    if (stamps != nullptr) stamps->reset();
  } else {
    Rehash(layout, std::max(std::bit_ceil(size_ * 4), kMinCapacity), stamps);
  }
  return true;
}

void EntryTable::Destroy(const TableLayout& layout) {
  if (layout.payload->needs_destroy() || layout.key.words == 0) {
    ForEach(layout, [&layout](char* slot) {
      if (layout.payload->needs_destroy()) layout.payload->Destroy(layout.PayloadOf(slot));
      if (layout.key.words == 0) reinterpret_cast<VariableKey*>(slot)->Free();
    });
  }
  Free(layout, control_, capacity_);
  control_ = const_cast<int8_t*>(kNoSlots.data());
  slots_ = nullptr;
  capacity_ = group_mask_ = slot_mask_ = size_ = room_ = 0;
  home_shift_ = 63;
  has_displaced_ = false;
}

}  // namespace kvstate::backends::hashmap

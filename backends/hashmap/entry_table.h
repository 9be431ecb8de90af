#ifndef KVSTATE_BACKENDS_HASHMAP_ENTRY_TABLE_H_
#define KVSTATE_BACKENDS_HASHMAP_ENTRY_TABLE_H_

#include <emmintrin.h>

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "backends/hashmap/control_group.h"
#include "backends/hashmap/entry_key.h"
#include "backends/hashmap/payload.h"
#include "backends/hashmap/table_memory.h"

namespace kvstate::backends::hashmap {

/// What stands where in the slots of one state's tables. Laid out at run time, since backends know no types.
struct TableLayout {
  TableLayout(const KeyLayout& key_layout, const Payload& slot_payload, TableMemory& table_memory);

  KeyLayout key;
  const Payload* payload;
  TableMemory* memory;
  size_t payload_offset;  ///< In a slot; the key is at 0.
  size_t slot_bytes;
  size_t alignment;
  uint64_t slot_bytes_inverse;  ///< 2^64 / slot_bytes, rounded up.

  ByteView KeyOf(const char* slot) const {
    if (key.words == 0) return reinterpret_cast<const VariableKey*>(slot)->key();
    return {slot, key.key_bytes};
  }
  ByteView NamespaceOf(const char* slot) const;
  uint64_t HashOf(const char* slot) const;
  void* PayloadOf(char* slot) const { return slot + payload_offset; }
  const void* PayloadOf(const char* slot) const { return slot + payload_offset; }
  char* SlotOf(void* slot_payload) const { return static_cast<char*>(slot_payload) - payload_offset; }
  const char* SlotOf(const void* slot_payload) const { return static_cast<const char*>(slot_payload) - payload_offset; }
};

/// A number for each slot of a table, which goes where its entry goes: when the entry was last changed
/// (table_changes.h). Null: all are 0.
using TableStamps = std::unique_ptr<uint32_t[]>;

/// The entries of one state in one key group: a hash table of open addressing with control bytes, sixteen slots (a
/// group) searched by one comparison.
///
/// Invariants:
/// 1. A hash's high bits choose the group where its search starts, so that growing splits a group's entries into two
///    neighbours and the order of home groups is the order of hashes: what TableCursor walks by.
/// 2. A search ends at the first group with an empty slot. At least one slot in the table is empty.
/// 3. A slot erased in a group that has an empty slot becomes empty, since no search goes past it; else a tombstone.
///
/// The layout is handed in with each call, and must be the same every time. Destroy must end the table's life.
class EntryTable {
 public:
  static constexpr size_t kGroupSlots = ControlGroup::kSlots;

  EntryTable() = default;
  EntryTable(const EntryTable&) = delete;
  EntryTable& operator=(const EntryTable&) = delete;

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  size_t allocated_bytes(const TableLayout& layout) const;
  char* SlotAt(const TableLayout& layout, size_t index) const { return slots_ + index * layout.slot_bytes; }
  /// Of a slot of this table.
  size_t IndexOf(const TableLayout& layout, const char* slot) const {
    const auto offset = static_cast<unsigned __int128>(slot - slots_);
    return static_cast<size_t>(offset * layout.slot_bytes_inverse >> 64);
  }

  /// The entry's slot, or null.
  char* Find(const TableLayout& layout, const EntryKey& key) const;

  /// The same where the layout has one word, `word`.
  char* FindWord(const TableLayout& layout, uint64_t hash, uint64_t word) const;

  /// Whether an entry can be added without Grow.
  bool HasRoom() const { return room_ != 0; }
  /// Moves the entries, with their stamps if there are any, to a larger allocation, or to one without tombstones.
  /// Indexes change.
  void Grow(const TableLayout& layout, TableStamps* stamps = nullptr);
  /// Makes room for so many entries. REQUIRES: it has no memory yet.
  void AllocateFor(const TableLayout& layout, size_t entries);

  /// Where an entry of this hash would go. The slot is raw memory until Publish. REQUIRES: HasRoom(), and that it is
  /// not there.
  size_t FindFree(uint64_t hash) const;
  /// Starts to load what a search for this hash will most likely read, before it is known where it ends.
  /// Always inlined: GCC takes a function that only prefetches for one without effect, and drops calls of it.
  [[gnu::always_inline]] inline void Prefetch(const TableLayout& layout, uint64_t hash) const {
    const char* slot = SlotAt(layout, FavouriteSlot(hash));
    _mm_prefetch(slot, _MM_HINT_T0);
    // Slots of other sizes than powers of two may lie across cache lines.
    _mm_prefetch(slot + layout.slot_bytes - 1, _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(control_ + HomeGroup(hash) * kGroupSlots), _MM_HINT_T0);
  }
  /// The same of its stamp.
  void PrefetchStamp(const TableStamps& stamps, uint64_t hash) const {
    if (stamps != nullptr) __builtin_prefetch(&stamps[FavouriteSlot(hash)], /*rw=*/1);
  }
  /// Makes the slot from FindFree an entry: writes the key. The payload must be there. Nothing may come between.
  void Publish(const TableLayout& layout, size_t index, const EntryKey& key);

  /// Destroys the entry in `slot`. Moves no other.
  void Erase(const TableLayout& layout, char* slot);
  /// Gives memory back when few entries are left in much. Indexes change if it returns true.
  bool ShrinkIfSparse(const TableLayout& layout, TableStamps* stamps = nullptr);

  /// Destroys all entries and frees the memory.
  void Destroy(const TableLayout& layout);

  bool IsFull(size_t index) const { return control_[index] >= 0; }

  /// The group where the search for a hash starts. REQUIRES: capacity() > 0.
  size_t HomeGroup(uint64_t hash) const { return static_cast<size_t>((hash >> 1) >> home_shift_); }
  /// The smallest hash whose home is the group after `group`; 0 when `group` is the last.
  uint64_t HashAfterGroup(size_t group) const { return group >= group_mask_ ? 0 : FirstHashOf(group + 1); }
  /// The smallest hash whose home is `group`. REQUIRES: capacity() > 0.
  uint64_t FirstHashOf(size_t group) const { return (group << home_shift_) << 1; }
  /// Calls `visit(slot)` for each entry whose search starts at `group`. No hash is made where every entry is in the
  /// group where its search starts.
  template <class F>
  void ForEachAtHome(const TableLayout& layout, size_t group, F visit) const {
    for (size_t at = group, step = 0;; at = (at + ++step) & group_mask_) {
      const ControlGroup bytes(control_ + at * kGroupSlots);
      for (uint32_t full = bytes.Full(); full != 0; full &= full - 1) {
        char* slot = SlotAt(layout, at * kGroupSlots + static_cast<size_t>(std::countr_zero(full)));
        if (!has_displaced_ || HomeGroup(layout.HashOf(slot)) == group) visit(slot);
      }
      if (!has_displaced_ || bytes.Empty() != 0 || step >= group_mask_) return;
    }
  }
  template <class F>
  void ForEach(const TableLayout& layout, F visit) const {
    for (size_t i = 0; i < capacity_; ++i) {
      if (IsFull(i)) visit(SlotAt(layout, i));
    }
  }

 private:
  /// What control_ points to where there is no memory yet, so that a search needs no test for it.
  alignas(kGroupSlots) static constexpr ControlGroup::Bytes kNoSlots = ControlGroup::AllEmpty();

  /// Where an entry is put if it is free: lets a search load the slot beside the control bytes, not after them.
  size_t FavouriteSlot(uint64_t hash) const {
    return (HomeGroup(hash) * kGroupSlots + ((hash >> 7) & (kGroupSlots - 1))) & slot_mask_;
  }
  void NotePlace(size_t index, uint64_t hash) { has_displaced_ |= index / kGroupSlots != HomeGroup(hash); }
  static int8_t Fingerprint(uint64_t hash) { return static_cast<int8_t>(hash & 0x7f); }
  template <class Equals>
  char* FindWith(const TableLayout& layout, uint64_t hash, Equals equals) const;
  template <size_t kWords>
  char* FindWords(const TableLayout& layout, const EntryKey& key) const;
  void Allocate(const TableLayout& layout, size_t capacity);
  static void Free(const TableLayout& layout, int8_t* control, size_t capacity);
  void Rehash(const TableLayout& layout, size_t capacity, TableStamps* stamps);

  int8_t* control_ = const_cast<int8_t*>(kNoSlots.data());  // Never written while room_ is 0.
  char* slots_ = nullptr;
  size_t capacity_ = 0;    // A power of two, or 0.
  size_t group_mask_ = 0;  // Groups, less one.
  size_t slot_mask_ = 0;   // Capacity, less one.
  uint32_t home_shift_ = 63;
  size_t size_ = 0;
  size_t room_ = 0;  // Empty slots that may still be filled.
  /// An entry was put in a group other than that where its search starts, since the memory was allocated.
  bool has_displaced_ = false;
};

template <class Equals>
inline char* EntryTable::FindWith(const TableLayout& layout, uint64_t hash, Equals equals) const {
  const int8_t fingerprint = Fingerprint(hash);
  for (size_t group = HomeGroup(hash), step = 0;; group = (group + ++step) & group_mask_) {
    const ControlGroup bytes(control_ + group * kGroupSlots);
    for (uint32_t match = bytes.Match(fingerprint); match != 0; match &= match - 1) {
      char* slot = SlotAt(layout, group * kGroupSlots + static_cast<size_t>(std::countr_zero(match)));
      if (equals(slot)) [[likely]]
        return slot;
    }
    if (bytes.Empty() != 0) [[likely]]
      return nullptr;
  }
}

inline char* EntryTable::FindWord(const TableLayout& layout, uint64_t hash, uint64_t word) const {
  return FindWith(layout, hash, [word](const char* slot) {
    uint64_t stored;
    std::memcpy(&stored, slot, sizeof(stored));
    return stored == word;
  });
}

template <size_t kWords>
inline char* EntryTable::FindWords(const TableLayout& layout, const EntryKey& key) const {
  return FindWith(layout, key.hash, [&key](const char* slot) {
    uint64_t difference = 0;
    for (size_t word = 0; word < kWords; ++word) {
      uint64_t stored;
      std::memcpy(&stored, slot + word * sizeof(stored), sizeof(stored));
      difference |= stored ^ key.words[word];
    }
    return difference == 0;
  });
}

inline char* EntryTable::Find(const TableLayout& layout, const EntryKey& key) const {
  switch (layout.key.words) {
    case 0:
      return FindWith(layout, key.hash,
                      [&key](const char* slot) { return reinterpret_cast<const VariableKey*>(slot)->Equals(key); });
    case 1:
      return FindWord(layout, key.hash, key.words[0]);
    case 2:
      return FindWords<2>(layout, key);
    case 3:
      return FindWords<3>(layout, key);
    default:
      return FindWords<4>(layout, key);
  }
}

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_ENTRY_TABLE_H_

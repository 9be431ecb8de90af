#ifndef KVSTATE_BACKENDS_HASHMAP_STATE_CORE_H_
#define KVSTATE_BACKENDS_HASHMAP_STATE_CORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/hashmap/current_key.h"
#include "backends/hashmap/entry_key.h"
#include "backends/hashmap/entry_table.h"
#include "backends/hashmap/optional_lock.h"
#include "backends/hashmap/payload.h"
#include "backends/hashmap/spin_lock.h"
#include "backends/hashmap/state_tables.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/serialized_access.h"
#include "kvstate/state_descriptor.h"

namespace kvstate::backends::hashmap {

class StateChanges;
class StateCore;
struct ChangeClock;

/// Lets a walk tell that its state was removed under it. Owner's thread.
struct StateLife {
  StateCore* state;  ///< Null when the state is gone.
};

/// What is the same for all kinds of state: addressing, the tables, the lock of queryable states. All changes of what
/// is stored go through the methods below "Writing".
///
/// Invariant: located_version_ is the version of the current key for which table_, hash_ and current_ were found, or 0.
/// current_ is then the payload of the current entry, null when it is absent.
class StateCore : public SerializedAccess {
 public:
  StateCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor,
            std::unique_ptr<const Payload> payload);
  StateCore(const StateCore&) = delete;
  StateCore& operator=(const StateCore&) = delete;
  ~StateCore() override;

  const StateDescriptor& core_descriptor() const { return descriptor_; }
  const KeyContext& key_context() const { return key_.context(); }
  const TypeSerializer& core_namespace_serializer() const { return *namespace_serializer_; }
  const std::shared_ptr<StateLife>& life() const { return life_; }

  Status CoreSetCurrentNamespace(ByteView encoded);
  void CoreClearCurrentNamespace();
  ByteView CoreCurrentNamespace() const {
    return layout_.key.void_namespace ? kVoidNamespaceBytes : ByteView(namespace_);
  }
  Status CoreClear();
  Result<bool> CoreGetSerialized(ByteView key, ByteView state_namespace, std::string* out);

  /// One for each (key, namespace), of maps one for each user key.
  uint64_t entry_count() const { return entries_; }
  bool has_namespace() const { return namespace_set_; }

  // --- for snapshots ---

  const std::shared_ptr<StateTables>& shared_tables() const { return shared_; }
  /// Tells snapshots of changes from now on.
  StateChanges& Watch(ChangeClock& clock);
  /// Stops that where nobody wants to know any more.
  void WatchNoMore();
  /// Says that so many entries were put into the tables, and what their keys have on the heap.
  void AddLoaded(uint64_t entries, uint64_t key_heap_bytes);

  /// Bytes that the entries take, but for what values allocate themselves; absent when they may.
  std::optional<uint64_t> MemoryBytes() const;

  // --- for walks ---

  /// Held while a queryable state is read or changed; nothing on others.
  class Lock : public OptionalLock {
   public:
    explicit Lock(const StateCore& state) : OptionalLock(state.mutex_.get()) {}
  };

  const TableLayout& layout() const { return layout_; }
  /// Starts to load what an access under the key that was just set will read.
  [[gnu::always_inline]] inline void Prefetch(uint32_t key_group, uint64_t key_hash) const {
    if (layout_.key.void_namespace) tables_[TableIndex(key_group)].Prefetch(layout_, key_hash);
    if (changes_ != nullptr) [[unlikely]]
      PrefetchStamp(key_group, key_hash);
  }
  size_t table_count() const { return shared_->size(); }
  const EntryTable& table(size_t index) const { return tables_[index]; }
  Status CheckNamespace(ByteView state_namespace) const;
  /// Reads one encoding, all of `bytes`, into `object`.
  Status Decode(const TypeSerializer& serializer, ByteView bytes, void* object) const;
  /// What is stored under any key and namespace, or null. Any thread, under the lock.
  const void* FindPayload(ByteView key, ByteView state_namespace) const;
  /// The value objects of an entry, in order, to be given to a visitor: calls `visit(user_key, value)` for those after
  /// `after_user_key` (null: from the first), until it returns false.
  virtual void ForEachValue(const void* payload, const ByteView* after_user_key,
                            const std::function<bool(ByteView user_key, const void* value)>& visit) = 0;
  /// Whether a value is stored as absence.
  virtual bool IsNothing(const void*) const { return false; }
  /// A visitor's write to what FindPayload gave. Moves no object. False: no such user key.
  virtual bool VisitorUpdate(const void* payload, ByteView user_key, const void* value) = 0;
  /// A visitor's removal. Moves no other entry's object. False: nothing there.
  virtual bool VisitorRemove(ByteView key, ByteView state_namespace, ByteView user_key);
  /// The same of what is in a slot of `table(index)`.
  void EraseSlot(size_t index, char* slot) { EraseAt(tables_[index], slot, /*may_shrink=*/false); }
  /// After removals: moves what is left in a table to less memory where that is much too large. REQUIRES: nobody stands
  /// on its slots.
  void GiveMemoryBack(size_t index);

  // --- SerializedAccess, of the kinds that do not override it ---
  Result<bool> GetBytes(ByteView* value) override;
  Status PutBytes(ByteView value) override;
  Status AddBytes(ByteView input) override;
  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override;
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override;
  Status RemoveEntryBytes(ByteView user_key) override;
  Result<bool> ContainsEntryBytes(ByteView user_key) override;

 protected:
  Status Ready() const {
    if (key_context().IsSet() && namespace_set_) [[likely]]
      return Status();
    return NotReady();
  }
  /// Whether nothing but the common case has to be thought of: Ready, and no lock to take.
  bool ReadyAndUnshared() const { return key_context().IsSet() && namespace_set_ && mutex_ == nullptr; }
  Status CheckValueBytes(ByteView value) const;
  Status RefuseArgument(std::string_view what) const;

  // --- Reading ---

  /// The payload under the current key and namespace, or null. To change it, see below.
  const void* Current() {
    if (located_version_ == key_context().version()) return current_;
    return Locate();
  }
  /// Appends what GetSerialized gives of a payload.
  virtual void SerializePayload(const void* payload, ByteWriter& out) const = 0;
  /// Of maps: entries in a payload.
  virtual uint64_t EntriesIn(const void*) const { return 1; }
  /// What payloads have on the heap; absent when they do not know.
  virtual std::optional<uint64_t> PayloadHeapBytes() const = 0;

  // --- Writing ---
  // A payload can be changed through what these give alone: they tell snapshots of it first.
  /// Current(), to be changed; of maps see AboutToChange.
  void* CurrentToChange() {
    void* payload = const_cast<void*>(Current());
    if (changes_ != nullptr && payload != nullptr) [[unlikely]]
      NoteObjectChange(*table_, payload);
    return payload;
  }
  /// The same of what FindPayload gave.
  void* ToChange(const void* payload) {
    if (changes_ != nullptr) [[unlikely]]
      NoteObjectChange(TableOf(payload), payload);
    return const_cast<void*>(payload);
  }
  /// Whether somebody wants to know of changes.
  bool is_watched() const { return changes_ != nullptr; }
  /// To be called, if is_watched(), before an entry of the map `payload` is added (`exists` false), changed or removed.
  /// The lock, if one is given, must be held until that is done. `payload` must be published.
  [[gnu::noinline]] SpinLock* AboutToChange(const void* payload, ByteView user_key, bool exists, const void* value);

  /// Whether an entry under the current key can be added without moving others. REQUIRES: Current() is null.
  bool HasRoom() const { return table_->HasRoom(); }
  /// Memory for the payload of the current key and namespace, to be made before PublishCurrent, which must follow.
  /// Moves other entries unless HasRoom(). REQUIRES: Current() is null.
  void* ReserveCurrent();
  void PublishCurrent();
  /// Removes what is under the current key and namespace, if anything.
  void EraseCurrent();
  /// The map under any key and namespace; if there is none, an empty one is made.
  const void* FindOrInsertMap(ByteView key, ByteView state_namespace);
  class NamespaceRestorer;  // In namespace_restorer.h.
  /// REQUIRES: CheckNamespace.
  void SetNamespace(ByteView encoded);
  Status KeyReady() const;  ///< Of a key alone.
  /// Grows when entries, map entries included, may have moved or gone: for iterators to seek again.
  uint64_t structure_version() const { return structure_version_; }
  void MarkStructureChanged() { ++structure_version_; }
  /// For maps, whose entries are not the tables'.
  void CountEntryAdded() { ++entries_; }
  void CountEntryRemoved() { --entries_; }
  ByteWriter& scratch_bytes() { return scratch_bytes_; }

 private:
  Status NotReady() const;
  Status WrongKind(std::string_view what) const;
  const void* Locate();
  EntryKey CurrentEntryKey() const;
  size_t Reserve(EntryTable& table, uint64_t hash);
  void* Publish(EntryTable& table, size_t slot, const EntryKey& key);
  size_t TableIndex(uint32_t key_group) const { return key_group - key_context().range().first; }
  size_t IndexOf(const EntryTable& table) const { return static_cast<size_t>(&table - tables_); }
  const EntryTable& TableOf(const void* payload) const;
  [[gnu::noinline]] void PrefetchStamp(uint32_t key_group, uint64_t key_hash) const;
  SpinLock* LockIfWatched(const EntryTable& table) const;
  TableStamps* StampsOf(const EntryTable& table) const;
  [[gnu::noinline]] void NoteObjectChange(const EntryTable& table, const void* payload);
  [[gnu::noinline]] const void* LocateByBytes();
  void ForgetLocation() { located_version_ = 0; }
  void EraseAt(EntryTable& table, char* slot, bool may_shrink);

  CurrentKey& key_;
  const SerializerPtr namespace_serializer_;
  const StateDescriptor descriptor_;
  const std::shared_ptr<StateTables> shared_;
  const TableLayout layout_;
  EntryTable* const tables_;                 // Of shared_: one for each key group of the range.
  StateChanges* changes_ = nullptr;          // Of shared_; null while nobody wants to know of changes.
  const bool key_is_the_word_;               // Keys of eight bytes, no namespace: what most streams are keyed by.
  const std::unique_ptr<std::mutex> mutex_;  // Null unless queryable.

  std::string namespace_;
  uint64_t namespace_hash_ = 0;
  bool namespace_set_ = false;

  uint64_t located_version_ = 0;
  void* current_ = nullptr;
  EntryTable* table_ = nullptr;
  uint64_t hash_ = 0;
  size_t reserved_ = 0;  // Between ReserveCurrent and PublishCurrent.

  uint64_t structure_version_ = 1;
  uint64_t entries_ = 0;
  uint64_t key_heap_bytes_ = 0;
  ByteWriter scratch_bytes_;
  std::shared_ptr<StateLife> life_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATE_CORE_H_

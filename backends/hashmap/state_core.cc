#include "backends/hashmap/state_core.h"

#include <cassert>
#include <cstring>
#include <utility>

#include "backends/hashmap/map_entries.h"
#include "backends/hashmap/namespace_restorer.h"
#include "backends/hashmap/state_changes.h"

namespace kvstate::backends::hashmap {

StateCore::StateCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor,
                     std::unique_ptr<const Payload> payload)
    : key_(key),
      namespace_serializer_(std::move(namespace_serializer)),
      descriptor_(descriptor),
      shared_(std::make_shared<StateTables>(key.context(), namespace_serializer_, std::move(payload))),
      layout_(shared_->layout()),
      tables_(shared_->begin()),
      key_is_the_word_(layout_.key.void_namespace && layout_.key.key_bytes == sizeof(uint64_t)),
      mutex_(descriptor.queryable_name.empty() ? nullptr : std::make_unique<std::mutex>()),
      namespace_set_(layout_.key.void_namespace),
      life_(std::make_shared<StateLife>(StateLife{this})) {}

StateCore::~StateCore() {
  key_.Forget(*this);
  life_->state = nullptr;
  // A snapshot that began before keeps the tables until it has them.
  if (shared_->changes != nullptr) shared_->changes->ForgetViews();
}

// --- Errors ---

Status StateCore::KeyReady() const {
  if (key_context().IsSet()) return Status();
  return FailedPreconditionError("state '" + descriptor_.name + "': no current key; call SetCurrentKey first");
}

Status StateCore::NotReady() const {
  KVSTATE_RETURN_IF_ERROR(KeyReady());
  return FailedPreconditionError("state '" + descriptor_.name +
                                 "': no current namespace; call SetCurrentNamespace first");
}

Status StateCore::WrongKind(std::string_view what) const {
  return FailedPreconditionError("state '" + descriptor_.name + "' is a " +
                                 std::string(StateKindName(descriptor_.kind)) + " state, which has no " +
                                 std::string(what));
}

Status StateCore::RefuseArgument(std::string_view what) const {
  return InvalidArgumentError("state '" + descriptor_.name + "': " + std::string(what));
}

Status StateCore::CheckValueBytes(ByteView value) const {
  if (value.size() <= kMaxValueBytes) [[likely]]
    return Status();
  return RefuseArgument("a value of " + std::to_string(value.size()) + " bytes is over the limit of " +
                        std::to_string(kMaxValueBytes));
}

Status StateCore::CheckNamespace(ByteView state_namespace) const {
  const size_t fixed = namespace_serializer_->info().encoded_size;
  if (layout_.key.void_namespace && state_namespace != kVoidNamespaceBytes) {
    return RefuseArgument("its namespace is the void one, which is one zero byte");
  }
  if (fixed != kVariableSize && state_namespace.size() != fixed) {
    return RefuseArgument("a namespace of " + std::to_string(state_namespace.size()) +
                          " bytes; its serializer writes " + std::to_string(fixed));
  }
  if (state_namespace.size() > kMaxKeyBytes) {
    return RefuseArgument("a namespace of " + std::to_string(state_namespace.size()) + " bytes is over the limit of " +
                          std::to_string(kMaxKeyBytes) + "; shorten it");
  }
  return Status();
}

// --- Addressing ---

void StateCore::SetNamespace(ByteView encoded) {
  if (layout_.key.void_namespace) return;
  if (namespace_set_ && encoded == ByteView(namespace_)) return;
  namespace_.assign(encoded);
  namespace_hash_ = HashNamespaceBytes(namespace_);
  namespace_set_ = true;
  ForgetLocation();
}

Status StateCore::CoreSetCurrentNamespace(ByteView encoded) {
  KVSTATE_RETURN_IF_ERROR(CheckNamespace(encoded));
  SetNamespace(encoded);
  return Status();
}

void StateCore::CoreClearCurrentNamespace() {
  if (layout_.key.void_namespace) return;
  namespace_.clear();
  namespace_set_ = false;
  ForgetLocation();
}

StateCore::NamespaceRestorer::~NamespaceRestorer() {
  state_.namespace_ = std::move(bytes_);
  state_.namespace_hash_ = hash_;
  state_.namespace_set_ = set_;
  state_.ForgetLocation();
}

EntryKey StateCore::CurrentEntryKey() const {
  return EntryKey(layout_.key, key_context().bytes(), key_.hash(), namespace_, namespace_hash_);
}

const void* StateCore::Locate() {
  assert(key_context().IsSet() && namespace_set_);
  if (!key_is_the_word_ || !key_.is_hashed()) [[unlikely]]
    return LocateByBytes();
  key_.Use(*this);
  uint64_t word;
  std::memcpy(&word, key_context().bytes().data(), sizeof(word));
  const uint64_t hash = key_.hash();
  EntryTable& table = tables_[TableIndex(key_context().key_group())];
  char* slot = table.FindWord(layout_, hash, word);
  located_version_ = key_context().version();
  hash_ = hash;
  table_ = &table;
  current_ = slot == nullptr ? nullptr : layout_.PayloadOf(slot);
  return current_;
}

const void* StateCore::LocateByBytes() {
  key_.Use(*this);
  const EntryKey key = CurrentEntryKey();
  EntryTable& table = tables_[TableIndex(key_context().key_group())];
  char* slot = table.Find(layout_, key);
  located_version_ = key_context().version();
  hash_ = key.hash;
  table_ = &table;
  current_ = slot == nullptr ? nullptr : layout_.PayloadOf(slot);
  return current_;
}

const void* StateCore::FindPayload(ByteView key, ByteView state_namespace) const {
  const EntryTable& table = tables_[TableIndex(key_context().KeyGroupOfBytes(key))];
  char* slot = table.Find(layout_, shared_->MakeEntryKey(key, state_namespace));
  return slot == nullptr ? nullptr : layout_.PayloadOf(slot);
}

// --- Writing ---

SpinLock* StateCore::LockIfWatched(const EntryTable& table) const {
  return changes_ == nullptr ? nullptr : changes_->LockIfWatched(IndexOf(table));
}

TableStamps* StateCore::StampsOf(const EntryTable& table) const {
  return changes_ == nullptr ? nullptr : changes_->stamps(IndexOf(table));
}

StateChanges& StateCore::Watch(ChangeClock& clock) {
  if (shared_->changes == nullptr) shared_->changes = std::make_unique<StateChanges>(*shared_, clock);
  changes_ = shared_->changes.get();
  return *changes_;
}

void StateCore::WatchNoMore() {
  if (changes_ == nullptr || !changes_->IsIdle()) return;
  changes_->Forget();
  changes_ = nullptr;
}

void StateCore::AddLoaded(uint64_t entries, uint64_t key_heap_bytes) {
  entries_ += entries;
  key_heap_bytes_ += key_heap_bytes;
}

const EntryTable& StateCore::TableOf(const void* payload) const {
  return tables_[shared_->IndexOf(layout_.KeyOf(layout_.SlotOf(payload)))];
}

void StateCore::PrefetchStamp(uint32_t key_group, uint64_t key_hash) const {
  const size_t index = TableIndex(key_group);
  if (layout_.key.void_namespace) tables_[index].PrefetchStamp(*changes_->stamps(index), key_hash);
}

void StateCore::NoteObjectChange(const EntryTable& table, const void* payload) {
  const size_t index = IndexOf(table);
  const char* slot = layout_.SlotOf(payload);
  if (changes_->IsFresh(index, table.IndexOf(layout_, slot))) return;
  WatchNoMore();
  if (changes_ == nullptr) return;
  const HeldLock lock(changes_->LockToUpdate(index, layout_.HashOf(slot)));
  changes_->BeforeUpdate(index, slot);
}

SpinLock* StateCore::AboutToChange(const void* payload, ByteView user_key, bool exists, const void* value) {
  WatchNoMore();
  if (changes_ == nullptr) return nullptr;
  const size_t index = IndexOf(TableOf(payload));
  SpinLock* lock = changes_->LockIfWatched(index);
  changes_->BeforeUserKeyChange(index, layout_.SlotOf(payload), user_key, exists, value);
  return lock;
}

size_t StateCore::Reserve(EntryTable& table, uint64_t hash) {
  if (!table.HasRoom()) {
    const HeldLock lock(LockIfWatched(table));
    table.Grow(layout_, StampsOf(table));
    MarkStructureChanged();
  }
  return table.FindFree(hash);
}

void* StateCore::Publish(EntryTable& table, size_t slot, const EntryKey& key) {
  const HeldLock lock(LockIfWatched(table));
  table.Publish(layout_, slot, key);
  char* at = table.SlotAt(layout_, slot);
  if (changes_ != nullptr) [[unlikely]]
    changes_->AfterInsert(IndexOf(table), at);
  if (layout_.key.words == 0) key_heap_bytes_ += reinterpret_cast<VariableKey*>(at)->heap_bytes();
  if (layout_.payload->map_entries() == nullptr) ++entries_;
  return layout_.PayloadOf(at);
}

const void* StateCore::FindOrInsertMap(ByteView key, ByteView state_namespace) {
  if (const void* map = FindPayload(key, state_namespace)) return map;
  const EntryKey entry = shared_->MakeEntryKey(key, state_namespace);
  EntryTable& table = tables_[TableIndex(key_context().KeyGroupOfBytes(key))];
  const size_t slot = Reserve(table, entry.hash);
  layout_.payload->map_entries()->Construct(layout_.PayloadOf(table.SlotAt(layout_, slot)));
  ForgetLocation();
  return Publish(table, slot, entry);
}

void* StateCore::ReserveCurrent() {
  assert(located_version_ == key_context().version() && current_ == nullptr);
  reserved_ = Reserve(*table_, hash_);
  return layout_.PayloadOf(table_->SlotAt(layout_, reserved_));
}

void StateCore::PublishCurrent() {
  assert(located_version_ == key_context().version() && current_ == nullptr);
  current_ = Publish(*table_, reserved_, CurrentEntryKey());
}

void StateCore::EraseAt(EntryTable& table, char* slot, bool may_shrink) {
  if (layout_.key.words == 0) key_heap_bytes_ -= reinterpret_cast<VariableKey*>(slot)->heap_bytes();
  entries_ -= EntriesIn(layout_.PayloadOf(slot));
  const HeldLock lock(LockIfWatched(table));
  if (changes_ != nullptr) [[unlikely]]
    changes_->BeforeErase(IndexOf(table), slot);
  table.Erase(layout_, slot);
  if (may_shrink) table.ShrinkIfSparse(layout_, StampsOf(table));
  MarkStructureChanged();
  ForgetLocation();
}

void StateCore::EraseCurrent() {
  if (Current() != nullptr) EraseAt(*table_, layout_.SlotOf(current_), /*may_shrink=*/true);
}

Status StateCore::CoreClear() {
  const Lock lock(*this);
  KVSTATE_RETURN_IF_ERROR(Ready());
  EraseCurrent();
  return Status();
}

void StateCore::GiveMemoryBack(size_t index) {
  EntryTable& table = tables_[index];
  const HeldLock lock(LockIfWatched(table));
  if (!table.ShrinkIfSparse(layout_, StampsOf(table))) return;
  MarkStructureChanged();
  ForgetLocation();
}

bool StateCore::VisitorRemove(ByteView key, ByteView state_namespace, ByteView) {
  EntryTable& table = tables_[TableIndex(key_context().KeyGroupOfBytes(key))];
  char* slot = table.Find(layout_, shared_->MakeEntryKey(key, state_namespace));
  if (slot == nullptr) return false;
  EraseAt(table, slot, /*may_shrink=*/false);
  return true;
}

// --- Serialized access and figures ---

Status StateCore::Decode(const TypeSerializer& serializer, ByteView bytes, void* object) const {
  ByteReader in(bytes);
  Status status = serializer.Deserialize(in, object);
  if (status.ok() && !in.AtEnd()) status = in.Malformed("end of the value");
  return status.ok() ? status : status.WithContext("state '" + descriptor_.name + "'");
}

Result<bool> StateCore::CoreGetSerialized(ByteView key, ByteView state_namespace, std::string* out) {
  out->clear();
  if (mutex_ == nullptr) {
    return FailedPreconditionError("state '" + descriptor_.name +
                                   "' is not queryable; set StateDescriptor::queryable_name");
  }
  KVSTATE_RETURN_IF_ERROR(CheckNamespace(state_namespace));
  const size_t fixed = key_context().key_serializer()->info().encoded_size;
  if (fixed == kVariableSize ? key.size() > kMaxKeyBytes : key.size() != fixed) {
    return RefuseArgument("a key of " + std::to_string(key.size()) + " bytes; its serializer writes " +
                          (fixed == kVariableSize ? "at most " + std::to_string(kMaxKeyBytes) : std::to_string(fixed)));
  }
  // Another instance's key: nothing of it is here.
  if (!key_context().range().Contains(key_context().KeyGroupOfBytes(key))) return false;
  ByteWriter bytes;
  {
    const Lock lock(*this);
    const void* payload = FindPayload(key, state_namespace);
    if (payload == nullptr) return false;
    SerializePayload(payload, bytes);
  }
  out->assign(bytes.view());
  return true;
}

std::optional<uint64_t> StateCore::MemoryBytes() const {
  const std::optional<uint64_t> on_heap = PayloadHeapBytes();
  if (!on_heap.has_value()) return std::nullopt;
  uint64_t bytes = *on_heap + key_heap_bytes_ + table_count() * sizeof(EntryTable);
  for (size_t i = 0; i < table_count(); ++i) bytes += tables_[i].allocated_bytes(layout_);
  return bytes;
}

Result<bool> StateCore::GetBytes(ByteView*) { return WrongKind("single value; use GetEntryBytes"); }
Status StateCore::PutBytes(ByteView) { return WrongKind("single value; use PutEntryBytes"); }
Status StateCore::AddBytes(ByteView) { return WrongKind("inputs to add"); }
Result<bool> StateCore::GetEntryBytes(ByteView, ByteView*, bool*) { return WrongKind("map entries; use GetBytes"); }
Status StateCore::PutEntryBytes(ByteView, ByteView, bool) { return WrongKind("map entries; use PutBytes"); }
Status StateCore::RemoveEntryBytes(ByteView) { return WrongKind("map entries; use Clear"); }
Result<bool> StateCore::ContainsEntryBytes(ByteView) { return WrongKind("map entries; use GetBytes"); }

}  // namespace kvstate::backends::hashmap

#include "backends/hashmap/state_core.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace kvstate::backends::hashmap {

namespace {

/// memcpy and memcmp want an address even for no bytes.
ByteView WithAddress(ByteView bytes) { return bytes.data() == nullptr ? ByteView("") : bytes; }

KeyLayout LayoutOf(const KeyContext& key, const TypeSerializer& namespace_serializer) {
  const bool is_void = namespace_serializer.Snapshot().type_id == "void_namespace";
  return KeyLayout::For(key.key_serializer()->info().encoded_size, namespace_serializer.info().encoded_size, is_void);
}

}  // namespace

StateCore::StateCore(CurrentKey& key, SerializerPtr namespace_serializer, const StateDescriptor& descriptor,
                     std::unique_ptr<const Payload> payload)
    : key_(key),
      namespace_serializer_(std::move(namespace_serializer)),
      descriptor_(descriptor),
      payload_(std::move(payload)),
      layout_(LayoutOf(key.context(), *namespace_serializer_), *payload_, memory_),
      key_is_the_word_(layout_.key.void_namespace && layout_.key.key_bytes == sizeof(uint64_t)),
      mutex_(descriptor.queryable_name.empty() ? nullptr : std::make_unique<std::mutex>()),
      tables_(key.context().range().size()),
      namespace_set_(layout_.key.void_namespace),
      life_(std::make_shared<StateLife>(StateLife{this})) {}

StateCore::~StateCore() {
  key_.Forget(*this);
  life_->state = nullptr;
  for (EntryTable& table : tables_) table.Destroy(layout_);
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

void* StateCore::Locate() {
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

void* StateCore::LocateByBytes() {
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

EntryKey StateCore::MakeEntryKey(ByteView key, ByteView state_namespace) const {
  key = WithAddress(key);
  if (layout_.key.void_namespace) return EntryKey(layout_.key, key, HashKeyBytes(key), ByteView(""), 0);
  state_namespace = WithAddress(state_namespace);
  return EntryKey(layout_.key, key, HashKeyBytes(key), state_namespace, HashNamespaceBytes(state_namespace));
}

void* StateCore::FindPayload(ByteView key, ByteView state_namespace) const {
  const EntryTable& table = tables_[TableIndex(key_context().KeyGroupOfBytes(key))];
  char* slot = table.Find(layout_, MakeEntryKey(key, state_namespace));
  return slot == nullptr ? nullptr : layout_.PayloadOf(slot);
}

// --- Writing ---

size_t StateCore::Reserve(EntryTable& table, uint64_t hash) {
  if (!table.HasRoom()) {
    table.Grow(layout_);
    MarkStructureChanged();
  }
  return table.FindFree(hash);
}

void* StateCore::Publish(EntryTable& table, size_t slot, const EntryKey& key) {
  table.Publish(layout_, slot, key);
  char* at = table.SlotAt(layout_, slot);
  if (layout_.key.words == 0) key_heap_bytes_ += reinterpret_cast<VariableKey*>(at)->heap_bytes();
  if (counts_table_entries()) ++entries_;
  return layout_.PayloadOf(at);
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
  table.Erase(layout_, slot);
  if (may_shrink) table.ShrinkIfSparse(layout_);
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

bool StateCore::VisitorRemove(ByteView key, ByteView state_namespace, ByteView) {
  EntryTable& table = tables_[TableIndex(key_context().KeyGroupOfBytes(key))];
  char* slot = table.Find(layout_, MakeEntryKey(key, state_namespace));
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
    void* payload = FindPayload(key, state_namespace);
    if (payload == nullptr) return false;
    SerializePayload(payload, bytes);
  }
  out->assign(bytes.view());
  return true;
}

std::optional<uint64_t> StateCore::MemoryBytes() const {
  const std::optional<uint64_t> on_heap = PayloadHeapBytes();
  if (!on_heap.has_value()) return std::nullopt;
  uint64_t bytes = *on_heap + key_heap_bytes_ + tables_.size() * sizeof(EntryTable);
  for (const EntryTable& table : tables_) bytes += table.allocated_bytes(layout_);
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

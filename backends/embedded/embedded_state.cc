#include "backends/embedded/embedded_state.h"

#include "backends/embedded/embedded_walks.h"

namespace kvstate::backends {

EmbeddedState::EmbeddedState(StateParts parts)
    : table_(std::move(parts.table), parts.store_writes, parts.changes),
      keys_(*parts.keys),
      descriptor_(std::move(parts.descriptor)),
      namespace_(std::move(parts.namespace_serializer)),
      namespace_is_void_(namespace_->Snapshot().type_id == "void_namespace"),
      key_format_(keys_.key_serializer(), namespace_, keys_.max_parallelism()),
      value_format_(descriptor_.value_serializer, is_map()) {
  ClearNamespace();
}

EmbeddedState::~EmbeddedState() = default;

Status EmbeddedState::InContext(const Status& status) const {
  return status.WithContext("state '" + descriptor_.name + "'");
}

Status EmbeddedState::CheckNamespace(ByteView encoded) const {
  const size_t fixed = namespace_->info().encoded_size;
  const std::string length = std::to_string(encoded.size());
  if (fixed != kVariableSize && encoded.size() != fixed) {
    return InContext(InvalidArgumentError("a namespace of " + length + " bytes: the namespace serializer '" +
                                          namespace_->Snapshot().type_id + "' writes " + std::to_string(fixed)));
  }
  if (encoded.size() > kMaxKeyBytes) {
    return InContext(InvalidArgumentError("a namespace of " + length + " bytes is over the limit of " +
                                          std::to_string(kMaxKeyBytes) + "; shorten it"));
  }
  return Status();
}

Status EmbeddedState::SetNamespace(ByteView encoded) {
  const size_t fixed = namespace_->info().encoded_size;
  const bool fits = fixed == kVariableSize ? encoded.size() <= kMaxKeyBytes : encoded.size() == fixed;
  if (!fits) [[unlikely]]
    return CheckNamespace(encoded);
  namespace_bytes_.assign(encoded);
  namespace_is_set_ = true;
  address_version_ = kNoVersion;
  return Status();
}

void EmbeddedState::ClearNamespace() {
  namespace_bytes_.assign(namespace_is_void_ ? 1 : 0, '\0');
  namespace_is_set_ = namespace_is_void_;
  address_version_ = kNoVersion;
}

Status EmbeddedState::RebuildAddress() {
  if (!keys_.IsSet()) return InContext(FailedPreconditionError("there is no current key; call SetCurrentKey first"));
  if (!namespace_is_set_) {
    return InContext(FailedPreconditionError("there is no current namespace; call SetCurrentNamespace first"));
  }
  key_format_.WritePrefix(keys_.key_group(), keys_.bytes(), namespace_bytes_, address_);
  address_size_ = address_.size();
  address_version_ = keys_.version();
  return Status();
}

Result<bool> EmbeddedState::ReadAt(ByteView composite, void* object) {
  ByteView stored;
  const Result<bool> found = table_.Get(composite, &stored);
  if (!found.ok()) [[unlikely]]
    return InContext(found.status());
  if (!*found) return false;
  bool is_null = false;
  Status status = value_format_.Decode(stored, object, &is_null);
  if (!status.ok()) [[unlikely]]
    return InContext(status);
  return true;
}

Status EmbeddedState::CheckMerge(ByteView target, std::span<const ByteView> sources) const {
  if (!keys_.IsSet()) return InContext(FailedPreconditionError("there is no current key; call SetCurrentKey first"));
  KVSTATE_RETURN_IF_ERROR(CheckNamespace(target));
  for (const ByteView source : sources) KVSTATE_RETURN_IF_ERROR(CheckNamespace(source));
  return Status();
}

Status EmbeddedState::NullError(std::string_view what) const {
  return InContext(InvalidArgumentError(std::string(what) + " must not be null"));
}

Status EmbeddedState::WrongKind(std::string_view call) const {
  return InContext(FailedPreconditionError("a " + std::string(StateKindName(descriptor_.kind)) + " state has no " +
                                           std::string(call)));
}

Status EmbeddedState::UserKeyTooLong(size_t bytes) const {
  return InContext(InvalidArgumentError("a user key of " + std::to_string(bytes) + " bytes is over the limit of " +
                                        std::to_string(kMaxKeyBytes) + "; shorten it"));
}

Result<bool> EmbeddedState::GetBytes(ByteView* value) {
  if (is_map()) return WrongKind("single value; GetEntryBytes gives an entry's");
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  return table_.Get(address(), value);
}

Status EmbeddedState::PutBytes(ByteView value) {
  if (is_map()) return WrongKind("single value; PutEntryBytes puts an entry's");
  KVSTATE_RETURN_IF_ERROR(StoredValueFormat::CheckSize(value.size()));
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  if (value.empty() && descriptor_.kind == StateKind::kList) return table_.Delete(address());
  return table_.Put(address(), value);
}

Status EmbeddedState::AddBytes(ByteView) { return WrongKind("inputs to add"); }
Result<bool> EmbeddedState::GetEntryBytes(ByteView, ByteView*, bool*) { return WrongKind("entries"); }
Status EmbeddedState::PutEntryBytes(ByteView, ByteView, bool) { return WrongKind("entries"); }
Status EmbeddedState::RemoveEntryBytes(ByteView) { return WrongKind("entries"); }
Result<bool> EmbeddedState::ContainsEntryBytes(ByteView) { return WrongKind("entries"); }

Result<bool> EmbeddedState::GetSerializedAnywhere(ByteView key, ByteView state_namespace, std::string* out) {
  out->clear();
  if (descriptor_.queryable_name.empty()) {
    return InContext(FailedPreconditionError("it is not queryable; set StateDescriptor::queryable_name"));
  }
  const size_t fixed = keys_.key_serializer()->info().encoded_size;
  if (fixed != kVariableSize && key.size() != fixed) {
    return InContext(InvalidArgumentError("a key of " + std::to_string(key.size()) + " bytes: its serializer writes " +
                                          std::to_string(fixed)));
  }
  KVSTATE_RETURN_IF_ERROR(CheckNamespace(state_namespace));
  ByteWriter composite;
  key_format_.WritePrefix(keys_.KeyGroupOfBytes(key), key, state_namespace, composite);
  StoreTable& shared = table_.store_table();
  if (!is_map()) return shared.ConcurrentGet(composite.view(), out);

  Status malformed;
  ByteWriter entries;
  const auto append = [&](ByteView entry_key, ByteView stored) {
    ByteView encoded;
    bool is_null = false;
    if (malformed.ok()) malformed = value_format_.Unwrap(stored, &encoded, &is_null);
    entries.PutLengthPrefixed(entry_key.substr(composite.size()));
    entries.PutByte(is_null ? 1 : 0);
    if (!is_null) entries.PutLengthPrefixed(encoded);
  };
  KVSTATE_RETURN_IF_ERROR(shared.ConcurrentScan(composite.view(), append));
  if (!malformed.ok()) return InContext(malformed);
  out->assign(entries.view());
  return !out->empty();
}

Result<std::unique_ptr<StateVisitor>> EmbeddedState::MakeVisitor() { return MakeStateVisitor(*this); }

}  // namespace kvstate::backends

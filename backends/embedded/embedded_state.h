#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_STATE_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_STATE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "backends/common/composite_key.h"
#include "backends/common/key_context.h"
#include "backends/embedded/state_table.h"
#include "backends/embedded/stored_value.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/serialized_access.h"
#include "kvstate/state_descriptor.h"

namespace kvstate::backends {

/// What a state is made of.
struct StateParts {
  const KeyContext* keys = nullptr;  ///< Outlives the state.
  SerializerPtr namespace_serializer;
  StateDescriptor descriptor;
  std::unique_ptr<StoreTable> table;
  uint64_t* store_writes = nullptr;  ///< Outlives the state.
  TableChanges* changes = nullptr;   ///< As StateTable's.
};

/// What states of all kinds over an ordered store share: the address made of current key and namespace, reads and
/// writes of the entry there, and access to its bytes. EmbeddedStateOf joins it to the interface of a kind.
class EmbeddedState : public SerializedAccess {
 public:
  const StateDescriptor& state_descriptor() const { return descriptor_; }
  const KeyContext& keys() const { return keys_; }
  const SerializerPtr& namespace_type() const { return namespace_; }
  bool has_namespace() const { return namespace_is_set_; }
  const CompositeKeyFormat& key_format() const { return key_format_; }
  const StoredValueFormat& value_format() const { return value_format_; }
  StateTable& table() { return table_; }
  bool is_map() const { return descriptor_.kind == StateKind::kMap; }

  /// `status` with the state's name before its message.
  Status InContext(const Status& status) const;

  // SerializedAccess, as it is for most kinds; a call that no kind overrides is refused.
  Result<bool> GetBytes(ByteView* value) override;
  Status PutBytes(ByteView value) override;
  Status AddBytes(ByteView input) override;
  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override;
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override;
  Status RemoveEntryBytes(ByteView user_key) override;
  Result<bool> ContainsEntryBytes(ByteView user_key) override;

 protected:
  explicit EmbeddedState(StateParts parts);
  ~EmbeddedState() override;

  Status SetNamespace(ByteView encoded);
  void ClearNamespace();
  ByteView namespace_bytes() const { return namespace_bytes_; }
  Result<bool> GetSerializedAnywhere(ByteView key, ByteView state_namespace, std::string* out);
  Result<std::unique_ptr<StateVisitor>> MakeVisitor();

  /// Brings address() up to the current key and namespace.
  Status PrepareAddress() {
    if (address_version_ == keys_.version()) [[likely]]
      return Status();
    return RebuildAddress();
  }
  /// The composite key of the current key and namespace. REQUIRES: PrepareAddress returned OK since they changed.
  ByteView address() const { return address_.view().substr(0, address_size_); }

  /// Decodes the entry at the current address into the live object `object`; false when there is none.
  Result<bool> Read(void* object) {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    return ReadAt(address(), object);
  }
  Result<bool> ReadAt(ByteView composite, void* object);
  /// Gives what is stored at the current address; false when there is nothing. As StoreTable::Get.
  Result<bool> ReadBytes(ByteView* stored) {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    Result<bool> found = table_.Get(address(), stored);
    if (!found.ok()) [[unlikely]]
      return InContext(found.status());
    return found;
  }
  /// Overwrites the entry at the current address with the encoding of `object`.
  Status Write(const void* object) {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    return WriteAt(address(), object);
  }
  Status WriteAt(ByteView composite, const void* object) {
    KVSTATE_RETURN_IF_ERROR(value_format_.Encode(object, encoded_));
    return table_.Put(composite, encoded_.view());
  }
  Status RemoveEntry() {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    return table_.Delete(address());
  }

  /// Calls `merge` with the composite keys of target and of each source but the target.
  template <class Merge>
  Status ForEachSource(ByteView target, std::span<const ByteView> sources, Merge&& merge) {
    KVSTATE_RETURN_IF_ERROR(CheckMerge(target, sources));
    key_format_.WritePrefix(keys_.key_group(), keys_.bytes(), target, target_address_);
    for (const ByteView source : sources) {
      if (source == target) continue;
      key_format_.WritePrefix(keys_.key_group(), keys_.bytes(), source, source_address_);
      KVSTATE_RETURN_IF_ERROR(merge(target_address_.view(), source_address_.view()));
    }
    return Status();
  }

  Status NullError(std::string_view what) const;
  Status WrongKind(std::string_view call) const;
  Status CheckNamespace(ByteView encoded) const;
  Status CheckUserKey(size_t bytes) const { return bytes <= kMaxKeyBytes ? Status() : UserKeyTooLong(bytes); }

  StateTable table_;
  ByteWriter address_;       ///< The address; a map puts its user key behind it.
  size_t address_size_ = 0;  ///< Bytes of the address alone.
  ByteWriter encoded_;       ///< Scratch for what is about to be stored.

 private:
  static constexpr uint64_t kNoVersion = UINT64_MAX;

  Status RebuildAddress();
  Status CheckMerge(ByteView target, std::span<const ByteView> sources) const;
  Status UserKeyTooLong(size_t bytes) const;

  const KeyContext& keys_;
  const StateDescriptor descriptor_;
  const SerializerPtr namespace_;
  const bool namespace_is_void_;
  const CompositeKeyFormat key_format_;
  const StoredValueFormat value_format_;

  std::string namespace_bytes_;
  bool namespace_is_set_ = false;
  /// Of the key that address_ was made from; kNoVersion when the namespace changed since.
  uint64_t address_version_ = kNoVersion;
  ByteWriter target_address_;
  ByteWriter source_address_;
};

/// EmbeddedState as an InternalKVState of the kind whose interface is `Interface`.
template <class Interface>
class EmbeddedStateOf : public Interface, public EmbeddedState {
 public:
  const StateDescriptor& descriptor() const final { return state_descriptor(); }
  const TypeSerializer& key_serializer() const final { return *keys().key_serializer(); }
  const TypeSerializer& namespace_serializer() const final { return *namespace_type(); }
  Status SetCurrentNamespace(ByteView encoded) final { return SetNamespace(encoded); }
  ByteView current_namespace() const final { return namespace_bytes(); }
  void ClearCurrentNamespace() final { ClearNamespace(); }
  Status Clear() override { return RemoveEntry(); }
  Result<bool> GetSerialized(ByteView key, ByteView state_namespace, std::string* out) final {
    return GetSerializedAnywhere(key, state_namespace, out);
  }
  Result<std::unique_ptr<StateVisitor>> Visit() final { return MakeVisitor(); }
  void* GetExtension(std::string_view id) final {
    return id == SerializedAccess::kExtensionId ? static_cast<SerializedAccess*>(this) : nullptr;
  }

 protected:
  using EmbeddedState::EmbeddedState;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_STATE_H_

#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

/// A list is stored as its elements' encodings one after another, so that adding one is appending bytes.
class EmbeddedListState final : public EmbeddedStateOf<InternalListState> {
 public:
  explicit EmbeddedListState(StateParts parts)
      : EmbeddedStateOf(std::move(parts)),
        serializer_(static_cast<const ListSerializer&>(*state_descriptor().value_serializer)),
        list_(state_descriptor().value_serializer) {}

  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Read(list_.get()));
    return found ? list_.get() : nullptr;
  }
  Result<const void*> GetInternal() override { return Get(); }

  Status Add(const void* element) override {
    if (element == nullptr) return NullError("an element of a list");
    encoded_.Clear();
    serializer_.SerializeElement(element, encoded_);
    return AppendEncoded();
  }
  Status AddBytes(ByteView element) override {
    encoded_.Clear();
    serializer_.SerializeElementBytes(element, encoded_);
    return AppendEncoded();
  }
  Status AddAll(const void* list) override {
    if (list == nullptr) return NullError("the list to add");
    if (serializer_.Size(list) == 0) return PrepareAddress();
    encoded_.Clear();
    serializer_.Serialize(list, encoded_);
    return AppendEncoded();
  }

  Status Update(const void* list) override {
    if (list == nullptr) return NullError("a list");
    return UpdateInternal(list);
  }
  Status UpdateInternal(const void* list) override {
    return list == nullptr || serializer_.Size(list) == 0 ? RemoveEntry() : Write(list);
  }

  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return ForEachSource(target, sources, [this](ByteView into, ByteView from) -> Status {
      ByteView stored;
      KVSTATE_ASSIGN_OR_RETURN(const bool found, table_.Get(from, &stored));
      if (!found) return Status();
      encoded_.Clear();
      encoded_.PutBytes(stored);
      KVSTATE_RETURN_IF_ERROR(AppendEncodedAt(into));
      return table_.Delete(from);
    });
  }

 private:
  Status AppendEncoded() {
    KVSTATE_RETURN_IF_ERROR(PrepareAddress());
    return AppendEncodedAt(address());
  }
  Status AppendEncodedAt(ByteView composite) {
    KVSTATE_RETURN_IF_ERROR(StoredValueFormat::CheckSize(encoded_.size()));
    if (table_.appends()) return table_.Append(composite, encoded_.view());
    ByteView stored;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, table_.Get(composite, &stored));
    if (!found) return table_.Put(composite, encoded_.view());
    KVSTATE_RETURN_IF_ERROR(StoredValueFormat::CheckSize(stored.size() + encoded_.size()));
    joined_.Clear();
    joined_.PutBytes(stored);
    joined_.PutBytes(encoded_.view());
    return table_.Put(composite, joined_.view());
  }

  const ListSerializer& serializer_;
  TypedObject list_;  ///< What Get handed out.
  ByteWriter joined_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeEmbeddedListState(StateParts parts) {
  return std::make_unique<EmbeddedListState>(std::move(parts));
}

}  // namespace kvstate::backends

// FROZEN: a backend of somebody else's, which implements every interface a backend implements. It must compile as it
// stands against every later version; api/STABILITY.md says when it may change.
#include "tests/stability/frozen_null_backend.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/serialized_access.h"
#include "kvstate/status.h"

namespace {

using kvstate::ByteView;
using kvstate::InternalKVState;
using kvstate::Result;
using kvstate::Status;

class NullVisitor final : public kvstate::StateVisitor {
 public:
  Result<std::span<const kvstate::StateEntry>> NextBatch(size_t) override {
    return std::span<const kvstate::StateEntry>();
  }
  Status Remove(const kvstate::StateEntry&) override { return kvstate::NotFoundError("null: no entry"); }
  Status Update(const kvstate::StateEntry&, const void*) override { return kvstate::NotFoundError("null: no entry"); }
};

class NullMapIterator final : public kvstate::MapIterator {
 public:
  Result<bool> Next() override { return false; }
  ByteView user_key_bytes() const override { return {}; }
  Result<const void*> user_key() override { return kvstate::FailedPreconditionError("null: no entry"); }
  Result<const void*> value() override { return kvstate::FailedPreconditionError("null: no entry"); }
  Status Remove() override { return kvstate::FailedPreconditionError("null: no entry"); }
  Status SetValue(const void*) override { return kvstate::FailedPreconditionError("null: no entry"); }
};

class NullKeyIterator final : public kvstate::KeyIterator {
 public:
  Result<bool> Next() override { return false; }
  ByteView key() const override { return {}; }
  ByteView state_namespace() const override { return {}; }
};

class NullSerializedAccess final : public kvstate::SerializedAccess {
 public:
  Result<bool> GetBytes(ByteView* value) override {
    *value = {};
    return false;
  }
  Status PutBytes(ByteView) override { return Status(); }
  Status AddBytes(ByteView) override { return Status(); }
  Result<bool> GetEntryBytes(ByteView, ByteView* value, bool* is_null) override {
    *value = {};
    *is_null = false;
    return false;
  }
  Status PutEntryBytes(ByteView, ByteView, bool) override { return Status(); }
  Status RemoveEntryBytes(ByteView) override { return Status(); }
  Result<bool> ContainsEntryBytes(ByteView) override { return false; }
};

/// What all kinds share, over the interface of one kind.
template <class Interface>
class NullState : public Interface {
 public:
  NullState(kvstate::SerializerPtr key, kvstate::SerializerPtr state_namespace, kvstate::StateDescriptor descriptor)
      : key_(std::move(key)), namespace_(std::move(state_namespace)), descriptor_(std::move(descriptor)) {}

  const kvstate::StateDescriptor& descriptor() const override { return descriptor_; }
  const kvstate::TypeSerializer& key_serializer() const override { return *key_; }
  const kvstate::TypeSerializer& namespace_serializer() const override { return *namespace_; }
  Status SetCurrentNamespace(ByteView encoded) override {
    current_namespace_ = encoded;
    return Status();
  }
  ByteView current_namespace() const override { return current_namespace_; }
  void ClearCurrentNamespace() override { current_namespace_.clear(); }
  Status Clear() override { return Status(); }
  Result<bool> GetSerialized(ByteView, ByteView, std::string* out) override {
    out->clear();
    return false;
  }
  Result<std::unique_ptr<kvstate::StateVisitor>> Visit() override {
    return std::unique_ptr<kvstate::StateVisitor>(std::make_unique<NullVisitor>());
  }
  void* GetExtension(std::string_view id) override {
    return id == kvstate::SerializedAccess::kExtensionId ? static_cast<kvstate::SerializedAccess*>(&access_) : nullptr;
  }

 private:
  const kvstate::SerializerPtr key_;
  const kvstate::SerializerPtr namespace_;
  const kvstate::StateDescriptor descriptor_;
  std::string current_namespace_;
  NullSerializedAccess access_;
};

class NullValueState final : public NullState<kvstate::InternalValueState> {
 public:
  using NullState::NullState;
  Result<const void*> Get() override {
    const auto& initial = descriptor().default_value;
    return initial == nullptr ? nullptr : static_cast<const void*>(initial->get());
  }
  Status Update(const void*) override { return Status(); }
};

template <class Interface>
class NullAppendingState : public NullState<Interface> {
 public:
  using NullState<Interface>::NullState;
  Result<const void*> Get() override { return static_cast<const void*>(nullptr); }
  Status Add(const void* input) override {
    return input == nullptr ? kvstate::InvalidArgumentError("null: no input") : Status();
  }
  Result<const void*> GetInternal() override { return static_cast<const void*>(nullptr); }
  Status UpdateInternal(const void*) override { return Status(); }
};

template <class Interface>
class NullMergingState : public NullAppendingState<Interface> {
 public:
  using NullAppendingState<Interface>::NullAppendingState;
  Status MergeNamespaces(ByteView, std::span<const ByteView>) override { return Status(); }
};

class NullListState final : public NullMergingState<kvstate::InternalListState> {
 public:
  using NullMergingState::NullMergingState;
  Status Update(const void*) override { return Status(); }
  Status AddAll(const void*) override { return Status(); }
};

class NullMapState final : public NullState<kvstate::InternalMapState> {
 public:
  using NullState::NullState;
  Result<const void*> Get(const void*) override { return static_cast<const void*>(nullptr); }
  Status Put(const void*, const void*) override { return Status(); }
  Status Remove(const void*) override { return Status(); }
  Result<bool> Contains(const void*) override { return false; }
  Result<bool> IsEmpty() override { return true; }
  Result<std::unique_ptr<kvstate::MapIterator>> Iterate() override {
    return std::unique_ptr<kvstate::MapIterator>(std::make_unique<NullMapIterator>());
  }
};

class NullBackend final : public kvstate::KeyedStateBackend, private kvstate::EngineStatistics {
 public:
  explicit NullBackend(const kvstate::BackendOptions& options) : options_(options) {}

  std::string_view name() const override { return "null"; }
  const kvstate::TypeSerializer& key_serializer() const override { return *options_.key_serializer; }
  uint32_t max_parallelism() const override { return options_.max_parallelism; }
  kvstate::KeyGroupRange key_group_range() const override { return options_.key_groups; }

  Status SetCurrentKey(const kvstate::EncodedKey& key) override {
    key_group_ = kvstate::KeyGroupOf(key.hash, options_.max_parallelism);
    key_ = key.bytes;
    return Status();
  }
  ByteView current_key() const override { return key_; }
  uint32_t current_key_group() const override { return key_group_; }

  Result<InternalKVState*> GetOrCreateState(kvstate::SerializerPtr namespace_serializer,
                                            const kvstate::StateDescriptor& descriptor) override {
    KVSTATE_RETURN_IF_ERROR(descriptor.Validate());
    std::unique_ptr<InternalKVState>& state = states_[descriptor.name];
    if (state == nullptr) state = Make(std::move(namespace_serializer), descriptor);
    return state.get();
  }

  Result<std::unique_ptr<kvstate::KeyIterator>> Keys(std::string_view, ByteView) override {
    return std::unique_ptr<kvstate::KeyIterator>(std::make_unique<NullKeyIterator>());
  }
  Result<std::unique_ptr<kvstate::KeyIterator>> KeysAndNamespaces(std::string_view) override {
    return std::unique_ptr<kvstate::KeyIterator>(std::make_unique<NullKeyIterator>());
  }
  Status ApplyToAllKeys(std::string_view, ByteView,
                        const std::function<Status(ByteView key, InternalKVState& state)>&) override {
    return Status();
  }
  Result<uint64_t> NumEntries() override { return uint64_t{0}; }
  std::vector<std::string> StateNames() const override {
    std::vector<std::string> names;
    for (const auto& [name, state] : states_) names.push_back(name);
    return names;
  }
  Status RemoveState(std::string_view state_name) override {
    return states_.erase(std::string(state_name)) == 1 ? Status() : kvstate::NotFoundError("null: no such state");
  }
  Status Dispose() override {
    states_.clear();
    return Status();
  }
  void* GetExtension(std::string_view id) override {
    return id == kvstate::EngineStatistics::kExtensionId ? static_cast<kvstate::EngineStatistics*>(this) : nullptr;
  }

 private:
  Result<kvstate::EngineCounters> Collect() override { return kvstate::EngineCounters(); }
  Status Flush(bool) override { return Status(); }

  template <class State>
  std::unique_ptr<InternalKVState> MakeAs(kvstate::SerializerPtr state_namespace,
                                          const kvstate::StateDescriptor& descriptor) const {
    return std::make_unique<State>(options_.key_serializer, std::move(state_namespace), descriptor);
  }
  std::unique_ptr<InternalKVState> Make(kvstate::SerializerPtr state_namespace,
                                        const kvstate::StateDescriptor& descriptor) const {
    switch (descriptor.kind) {
      case kvstate::StateKind::kValue:
        return MakeAs<NullValueState>(std::move(state_namespace), descriptor);
      case kvstate::StateKind::kList:
        return MakeAs<NullListState>(std::move(state_namespace), descriptor);
      case kvstate::StateKind::kMap:
        return MakeAs<NullMapState>(std::move(state_namespace), descriptor);
      case kvstate::StateKind::kReducing:
        return MakeAs<NullMergingState<kvstate::InternalReducingState>>(std::move(state_namespace), descriptor);
      case kvstate::StateKind::kAggregating:
        return MakeAs<NullMergingState<kvstate::InternalAggregatingState>>(std::move(state_namespace), descriptor);
      case kvstate::StateKind::kFolding:
        return MakeAs<NullAppendingState<kvstate::InternalFoldingState>>(std::move(state_namespace), descriptor);
    }
    return nullptr;
  }

  const kvstate::BackendOptions options_;
  std::map<std::string, std::unique_ptr<InternalKVState>> states_;
  std::string key_;
  uint32_t key_group_ = 0;
};

class NullFactory final : public kvstate::BackendFactory {
 public:
  std::string_view name() const override { return "null"; }
  std::string_view description() const override { return "takes everything and keeps nothing"; }
  bool needs_directory() const override { return false; }
  std::vector<kvstate::EngineOption> options() const override { return {{"nothing", "0", "has no effect"}}; }
  Result<std::unique_ptr<kvstate::KeyedStateBackend>> Create(const kvstate::BackendOptions& options) const override {
    KVSTATE_RETURN_IF_ERROR(kvstate::CheckKeyGroups(options.max_parallelism, options.key_groups));
    return std::unique_ptr<kvstate::KeyedStateBackend>(std::make_unique<NullBackend>(options));
  }
};

}  // namespace

std::unique_ptr<kvstate::BackendFactory> MakeNullFactory() { return std::make_unique<NullFactory>(); }

#include "harness/replay/null_backend.h"

#include <string>
#include <utility>
#include <vector>

#include "kvstate/timers.h"

namespace kvstate::harness {

namespace {

Result<const void*> Nothing() { return static_cast<const void*>(nullptr); }

class NullVisitor final : public StateVisitor {
 public:
  Result<std::span<const StateEntry>> NextBatch(size_t) override { return std::span<const StateEntry>(); }
  Status Remove(const StateEntry&) override { return NotFoundError("null backend: holds no entries"); }
  Status Update(const StateEntry&, const void*) override { return NotFoundError("null backend: holds no entries"); }
};

class NullMapIterator final : public MapIterator {
 public:
  Result<bool> Next() override { return false; }
  ByteView user_key_bytes() const override { return {}; }
  Result<const void*> user_key() override { return Nothing(); }
  Result<const void*> value() override { return Nothing(); }
  Status Remove() override { return Status(); }
  Status SetValue(const void*) override { return Status(); }
};

class NullKeyIterator final : public KeyIterator {
 public:
  Result<bool> Next() override { return false; }
  ByteView key() const override { return {}; }
  ByteView state_namespace() const override { return {}; }
};

template <class Internal>
class NullState : public Internal {
 public:
  NullState(SerializerPtr key_serializer, SerializerPtr namespace_serializer, StateDescriptor descriptor)
      : key_serializer_(std::move(key_serializer)),
        namespace_serializer_(std::move(namespace_serializer)),
        descriptor_(std::move(descriptor)) {}
  const StateDescriptor& descriptor() const override { return descriptor_; }
  const TypeSerializer& key_serializer() const override { return *key_serializer_; }
  const TypeSerializer& namespace_serializer() const override { return *namespace_serializer_; }
  Status SetCurrentNamespace(ByteView) override { return Status(); }
  ByteView current_namespace() const override { return {}; }
  void ClearCurrentNamespace() override {}
  Status Clear() override { return Status(); }
  Result<bool> GetSerialized(ByteView, ByteView, std::string*) override { return false; }
  Result<std::unique_ptr<StateVisitor>> Visit() override {
    return std::unique_ptr<StateVisitor>(std::make_unique<NullVisitor>());
  }
  void* GetExtension(std::string_view) override { return nullptr; }

 private:
  const SerializerPtr key_serializer_;
  const SerializerPtr namespace_serializer_;
  const StateDescriptor descriptor_;
};

class NullValueState final : public NullState<InternalValueState> {
 public:
  using NullState::NullState;
  Result<const void*> Get() override { return Nothing(); }
  Status Update(const void*) override { return Status(); }
};

template <class Internal>
class NullAppendingState : public NullState<Internal> {
 public:
  using NullState<Internal>::NullState;
  Result<const void*> Get() override { return Nothing(); }
  Status Add(const void*) override { return Status(); }
  Result<const void*> GetInternal() override { return Nothing(); }
  Status UpdateInternal(const void*) override { return Status(); }
};

template <class Internal>
class NullMergingState : public NullAppendingState<Internal> {
 public:
  using NullAppendingState<Internal>::NullAppendingState;
  Status MergeNamespaces(ByteView, std::span<const ByteView>) override { return Status(); }
};

class NullListState final : public NullMergingState<InternalListState> {
 public:
  using NullMergingState::NullMergingState;
  Status Update(const void*) override { return Status(); }
  Status AddAll(const void*) override { return Status(); }
};

class NullMapState final : public NullState<InternalMapState> {
 public:
  using NullState::NullState;
  Result<const void*> Get(const void*) override { return Nothing(); }
  Status Put(const void*, const void*) override { return Status(); }
  Status Remove(const void*) override { return Status(); }
  Result<bool> Contains(const void*) override { return false; }
  Result<bool> IsEmpty() override { return true; }
  Result<std::unique_ptr<MapIterator>> Iterate() override {
    return std::unique_ptr<MapIterator>(std::make_unique<NullMapIterator>());
  }
};

class NullQueue final : public TimerQueue {
 public:
  Result<bool> Add(const Timer&) override { return false; }
  Result<bool> Remove(const Timer&) override { return false; }
  Result<bool> Peek(Timer*) override { return false; }
  Result<bool> Poll(Timer*) override { return false; }
  Result<uint64_t> Size() override { return uint64_t{0}; }
  Status ForEach(uint32_t, const std::function<Status(const Timer&)>&) override { return Status(); }
};

class NullBackend final : public KeyedStateBackend, public Timers {
 public:
  NullBackend(SerializerPtr key_serializer, uint32_t max_parallelism)
      : key_serializer_(std::move(key_serializer)), max_parallelism_(max_parallelism) {}

  std::string_view name() const override { return "null"; }
  const TypeSerializer& key_serializer() const override { return *key_serializer_; }
  uint32_t max_parallelism() const override { return max_parallelism_; }
  KeyGroupRange key_group_range() const override { return {0, max_parallelism_ - 1}; }
  Status SetCurrentKey(const EncodedKey&) override { return Status(); }
  ByteView current_key() const override { return {}; }
  uint32_t current_key_group() const override { return 0; }
  Result<InternalKVState*> GetOrCreateState(SerializerPtr namespace_serializer,
                                            const StateDescriptor& descriptor) override {
    for (const auto& state : states_) {
      if (state->descriptor().name == descriptor.name) return state.get();
    }
    states_.push_back(Make(std::move(namespace_serializer), descriptor));
    return states_.back().get();
  }
  Result<std::unique_ptr<KeyIterator>> Keys(std::string_view, ByteView) override { return NoKeys(); }
  Result<std::unique_ptr<KeyIterator>> KeysAndNamespaces(std::string_view) override { return NoKeys(); }
  Status ApplyToAllKeys(std::string_view, ByteView, const std::function<Status(ByteView, InternalKVState&)>&) override {
    return Status();
  }
  Result<uint64_t> NumEntries() override { return uint64_t{0}; }
  std::vector<std::string> StateNames() const override {
    std::vector<std::string> names;
    for (const auto& state : states_) names.push_back(state->descriptor().name);
    return names;
  }
  Status RemoveState(std::string_view) override { return Status(); }
  Status Dispose() override { return Status(); }
  void* GetExtension(std::string_view id) override {
    return id == Timers::kExtensionId ? static_cast<Timers*>(this) : nullptr;
  }
  Result<TimerQueue*> GetOrCreateQueue(std::string_view, SerializerPtr, TimerStorage) override { return &queue_; }
  std::vector<std::string> QueueNames() const override { return {}; }
  bool HasCurrentKey() const override { return true; }

 private:
  static Result<std::unique_ptr<KeyIterator>> NoKeys() {
    return std::unique_ptr<KeyIterator>(std::make_unique<NullKeyIterator>());
  }

  std::unique_ptr<InternalKVState> Make(SerializerPtr namespace_serializer, const StateDescriptor& descriptor) const {
    const auto make = [&]<class State>(std::type_identity<State>) -> std::unique_ptr<InternalKVState> {
      return std::make_unique<State>(key_serializer_, std::move(namespace_serializer), descriptor);
    };
    switch (descriptor.kind) {
      case StateKind::kList:
        return make(std::type_identity<NullListState>());
      case StateKind::kMap:
        return make(std::type_identity<NullMapState>());
      case StateKind::kReducing:
        return make(std::type_identity<NullMergingState<InternalReducingState>>());
      case StateKind::kAggregating:
        return make(std::type_identity<NullMergingState<InternalAggregatingState>>());
      case StateKind::kFolding:
        return make(std::type_identity<NullAppendingState<InternalFoldingState>>());
      case StateKind::kValue:
        break;
    }
    return make(std::type_identity<NullValueState>());
  }

  const SerializerPtr key_serializer_;
  const uint32_t max_parallelism_;
  std::vector<std::unique_ptr<InternalKVState>> states_;
  NullQueue queue_;
};

}  // namespace

std::unique_ptr<KeyedStateBackend> MakeNullBackend(SerializerPtr key_serializer, uint32_t max_parallelism) {
  return std::make_unique<NullBackend>(std::move(key_serializer), max_parallelism);
}

}  // namespace kvstate::harness

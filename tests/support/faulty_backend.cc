#include "tests/support/faulty_backend.h"

#include <map>
#include <utility>
#include <vector>

#include "tests/support/faulty_snapshots.h"

namespace kvstate::testing_support {

namespace {

/// Hands everything that all states have on to another state.
template <class Interface>
class Forwarding : public Interface {
 public:
  Forwarding(Interface* inner, Fault fault) : inner_(inner), fault_(fault) {}

  const StateDescriptor& descriptor() const override { return inner_->descriptor(); }
  const TypeSerializer& key_serializer() const override { return inner_->key_serializer(); }
  const TypeSerializer& namespace_serializer() const override { return inner_->namespace_serializer(); }
  Status SetCurrentNamespace(ByteView encoded) override { return inner_->SetCurrentNamespace(encoded); }
  ByteView current_namespace() const override { return inner_->current_namespace(); }
  void ClearCurrentNamespace() override { inner_->ClearCurrentNamespace(); }
  Status Clear() override { return inner_->Clear(); }
  Result<bool> GetSerialized(ByteView key, ByteView state_namespace, std::string* out) override {
    return inner_->GetSerialized(key, state_namespace, out);
  }
  Result<std::unique_ptr<StateVisitor>> Visit() override { return inner_->Visit(); }
  void* GetExtension(std::string_view id) override { return inner_->GetExtension(id); }

 protected:
  bool Has(Fault fault) const { return fault_ == fault; }

  Interface* const inner_;
  const Fault fault_;
};

class FaultyValue final : public Forwarding<InternalValueState> {
 public:
  using Forwarding::Forwarding;
  Result<const void*> Get() override { return inner_->Get(); }
  Status Update(const void* value) override {
    if (Has(Fault::kLosesUpdates) && ++updates_ % 3 == 0) return Status();
    if (Has(Fault::kNullUpdateIgnored) && value == nullptr) return Status();
    return inner_->Update(value);
  }

 private:
  int updates_ = 0;
};

class FaultyList final : public Forwarding<InternalListState> {
 public:
  using Forwarding::Forwarding;
  Result<const void*> Get() override { return inner_->Get(); }
  Status Add(const void* input) override {
    if (Has(Fault::kNullElementTaken) && input == nullptr) return Status();
    return inner_->Add(input);
  }
  Result<const void*> GetInternal() override { return inner_->GetInternal(); }
  Status UpdateInternal(const void* accumulator) override { return inner_->UpdateInternal(accumulator); }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return Has(Fault::kMergeIgnored) ? Status() : inner_->MergeNamespaces(target, sources);
  }
  Status Update(const void* list) override { return inner_->Update(list); }
  Status AddAll(const void* list) override {
    if (!Has(Fault::kAddAllReversed) || list == nullptr) return inner_->AddAll(list);
    const auto& serializer = static_cast<const ListSerializer&>(*descriptor().value_serializer);
    for (size_t i = serializer.Size(list); i > 0; --i) KVSTATE_RETURN_IF_ERROR(inner_->Add(serializer.At(list, i - 1)));
    return Status();
  }
};

class LenientIterator final : public MapIterator {
 public:
  explicit LenientIterator(std::unique_ptr<MapIterator> inner) : inner_(std::move(inner)) {}
  Result<bool> Next() override { return inner_->Next(); }
  ByteView user_key_bytes() const override { return inner_->user_key_bytes(); }
  Result<const void*> user_key() override { return inner_->user_key(); }
  Result<const void*> value() override { return inner_->value(); }
  Status Remove() override {
    inner_->Remove().IgnoreError();
    return Status();
  }
  Status SetValue(const void* value) override { return inner_->SetValue(value); }

 private:
  std::unique_ptr<MapIterator> inner_;
};

class FaultyMap final : public Forwarding<InternalMapState> {
 public:
  using Forwarding::Forwarding;
  Result<const void*> Get(const void* user_key) override { return inner_->Get(user_key); }
  Status Put(const void* user_key, const void* value) override {
    if (Has(Fault::kNullValueRemoves) && value == nullptr) return inner_->Remove(user_key);
    return inner_->Put(user_key, value);
  }
  Status Remove(const void* user_key) override { return inner_->Remove(user_key); }
  Result<bool> Contains(const void* user_key) override { return inner_->Contains(user_key); }
  Result<bool> IsEmpty() override { return inner_->IsEmpty(); }
  Result<std::unique_ptr<MapIterator>> Iterate() override {
    auto iterator = inner_->Iterate();
    if (!Has(Fault::kRemoveTwice) || !iterator.ok()) return iterator;
    return std::unique_ptr<MapIterator>(std::make_unique<LenientIterator>(std::move(iterator).value()));
  }
};

class RepeatingKeys final : public KeyIterator {
 public:
  explicit RepeatingKeys(std::unique_ptr<KeyIterator> inner) : inner_(std::move(inner)) {}
  Result<bool> Next() override {
    again_ = !again_;
    if (!again_) return there_;
    const auto there = inner_->Next();
    there_ = there.ok() && *there;
    return there;
  }
  ByteView key() const override { return inner_->key(); }
  ByteView state_namespace() const override { return inner_->state_namespace(); }

 private:
  std::unique_ptr<KeyIterator> inner_;
  bool again_ = false;
  bool there_ = false;
};

class FaultyBackend final : public KeyedStateBackend {
 public:
  FaultyBackend(std::string name, std::unique_ptr<KeyedStateBackend> inner, Fault fault)
      : name_(std::move(name)), inner_(std::move(inner)), fault_(fault), snapshots_(name_, inner_, fault) {}

  std::string_view name() const override { return name_; }
  const TypeSerializer& key_serializer() const override { return inner_->key_serializer(); }
  uint32_t max_parallelism() const override { return inner_->max_parallelism(); }
  KeyGroupRange key_group_range() const override { return inner_->key_group_range(); }
  Status SetCurrentKey(const EncodedKey& key) override {
    Status status = inner_->SetCurrentKey(key);
    return fault_ == Fault::kForeignKeyTaken ? Status() : status;
  }
  ByteView current_key() const override { return inner_->current_key(); }
  uint32_t current_key_group() const override { return inner_->current_key_group(); }

  Result<InternalKVState*> GetOrCreateState(SerializerPtr namespace_serializer,
                                            const StateDescriptor& descriptor) override {
    KVSTATE_ASSIGN_OR_RETURN(InternalKVState * inner,
                             inner_->GetOrCreateState(std::move(namespace_serializer), descriptor));
    return Decorate(inner);
  }

  Result<std::unique_ptr<KeyIterator>> Keys(std::string_view state_name, ByteView state_namespace) override {
    auto keys = inner_->Keys(state_name, state_namespace);
    if (fault_ != Fault::kKeysTwice || !keys.ok()) return keys;
    return std::unique_ptr<KeyIterator>(std::make_unique<RepeatingKeys>(std::move(keys).value()));
  }
  Result<std::unique_ptr<KeyIterator>> KeysAndNamespaces(std::string_view state_name) override {
    return inner_->KeysAndNamespaces(state_name);
  }
  Status ApplyToAllKeys(std::string_view state_name, ByteView state_namespace,
                        const std::function<Status(ByteView key, InternalKVState& state)>& function) override {
    return inner_->ApplyToAllKeys(state_name, state_namespace, [&](ByteView key, InternalKVState& state) {
      return function(key, *Decorate(&state));
    });
  }
  Result<uint64_t> NumEntries() override { return inner_->NumEntries(); }
  std::vector<std::string> StateNames() const override { return inner_->StateNames(); }
  Status RemoveState(std::string_view state_name) override {
    for (const auto& [inner, decorated] : states_) {
      if (inner->descriptor().name != state_name) continue;
      states_.erase(inner);
      break;
    }
    return inner_->RemoveState(state_name);
  }
  Status Dispose() override {
    states_.clear();
    return inner_->Dispose();
  }
  void* GetExtension(std::string_view id) override {
    return id == Snapshots::kExtensionId ? static_cast<Snapshots*>(&snapshots_) : inner_->GetExtension(id);
  }

 private:
  template <class Decorator, class Interface>
  std::unique_ptr<InternalKVState> Wrap(InternalKVState* inner) const {
    return std::make_unique<Decorator>(static_cast<Interface*>(inner), fault_);
  }
  /// States of other kinds are handed out as they are.
  InternalKVState* Decorate(InternalKVState* inner) {
    std::unique_ptr<InternalKVState>& decorated = states_[inner];
    if (decorated != nullptr) return decorated.get();
    const StateKind kind = inner->descriptor().kind;
    if (kind == StateKind::kValue) decorated = Wrap<FaultyValue, InternalValueState>(inner);
    if (kind == StateKind::kList) decorated = Wrap<FaultyList, InternalListState>(inner);
    if (kind == StateKind::kMap) decorated = Wrap<FaultyMap, InternalMapState>(inner);
    if (decorated != nullptr) return decorated.get();
    states_.erase(inner);
    return inner;
  }

  const std::string name_;
  const std::shared_ptr<KeyedStateBackend> inner_;
  const Fault fault_;
  FaultySnapshots snapshots_;
  std::map<InternalKVState*, std::unique_ptr<InternalKVState>> states_;
};

class FaultyFactory final : public BackendFactory {
 public:
  FaultyFactory(std::string name, const BackendFactory& inner, Fault fault)
      : name_(std::move(name)), inner_(inner), fault_(fault) {}
  std::string_view name() const override { return name_; }
  std::string_view description() const override { return inner_.description(); }
  bool needs_directory() const override { return inner_.needs_directory(); }
  std::vector<EngineOption> options() const override { return inner_.options(); }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyedStateBackend> inner, inner_.Create(options));
    return std::unique_ptr<KeyedStateBackend>(std::make_unique<FaultyBackend>(name_, std::move(inner), fault_));
  }

 private:
  const std::string name_;
  const BackendFactory& inner_;
  const Fault fault_;
};

}  // namespace

std::unique_ptr<BackendFactory> MakeFaultyFactory(std::string name, const BackendFactory& inner, Fault fault) {
  return std::make_unique<FaultyFactory>(std::move(name), inner, fault);
}

}  // namespace kvstate::testing_support

#include "tests/support/faulty_states.h"

#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/internal_kv_state.h"

namespace kvstate::testing_support {

namespace {

/// Canonical key and namespace.
using Place = std::pair<std::string, std::string>;

/// Hands everything that all states have on to another state.
template <class Interface>
class Forwarding : public Interface {
 public:
  Forwarding(Interface* inner, FaultyContext context) : inner_(inner), context_(std::move(context)) {}

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
  bool Has(Fault fault) const { return context_.fault == fault; }
  /// Null: no time to live.
  const TtlConfig* ttl() const {
    const std::optional<TtlConfig>& ttl = inner_->descriptor().ttl;
    return ttl.has_value() && ttl->update != TtlConfig::Update::kDisabled ? &*ttl : nullptr;
  }
  int64_t now() const { return context_.clock->NowMillis(); }
  bool IsOver(int64_t time) const { return ttl()->ttl_millis != INT64_MAX && time + ttl()->ttl_millis <= now(); }
  Place CurrentPlace() const {
    return {std::string(context_.backend->current_key()), std::string(inner_->current_namespace())};
  }

  Interface* const inner_;

 private:
  const FaultyContext context_;
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

/// What lists, reducing and aggregating states have.
template <class Interface>
class FaultyMerging : public Forwarding<Interface> {
 public:
  using Forwarding<Interface>::Forwarding;
  Result<const void*> Get() override { return this->inner_->Get(); }
  Status Add(const void* input) override { return this->inner_->Add(input); }
  Result<const void*> GetInternal() override { return this->inner_->GetInternal(); }
  Status UpdateInternal(const void* accumulator) override { return this->inner_->UpdateInternal(accumulator); }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    if (this->Has(Fault::kMergeIgnored)) return Status();
    Status status = this->inner_->MergeNamespaces(target, sources);
    return status.ok() && this->Has(Fault::kMergeRenews) && this->ttl() != nullptr ? Renew(target) : status;
  }

 private:
  Status Renew(ByteView state_namespace) {
    const std::string current(this->inner_->current_namespace());
    KVSTATE_RETURN_IF_ERROR(this->inner_->SetCurrentNamespace(state_namespace));
    KVSTATE_ASSIGN_OR_RETURN(const void* const merged, this->inner_->GetInternal());
    if (merged != nullptr) {
      const TypedObject copy(this->inner_->descriptor().value_serializer, merged);
      KVSTATE_RETURN_IF_ERROR(this->inner_->UpdateInternal(copy.get()));
    }
    if (!this->inner_->SetCurrentNamespace(current).ok()) this->inner_->ClearCurrentNamespace();
    return Status();
  }
};

class FaultyList final : public FaultyMerging<InternalListState> {
 public:
  using FaultyMerging::FaultyMerging;
  Result<const void*> Get() override {
    KVSTATE_ASSIGN_OR_RETURN(const void* const list, inner_->Get());
    return list != nullptr && Remembers() ? WithoutPrefix(list) : list;
  }
  Status Add(const void* input) override {
    if (Has(Fault::kNullElementTaken) && input == nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(inner_->Add(input));
    if (Remembers()) Remember(input);
    return Status();
  }
  Status Clear() override {
    elements_.erase(CurrentPlace());
    return inner_->Clear();
  }
  Status UpdateInternal(const void* list) override {
    elements_.erase(CurrentPlace());
    if (Remembers() && list != nullptr) RememberAll(list);
    return inner_->UpdateInternal(list);
  }
  Status Update(const void* list) override {
    elements_.erase(CurrentPlace());
    if (Remembers() && list != nullptr) RememberAll(list);
    return inner_->Update(list);
  }
  Status AddAll(const void* list) override {
    if (Remembers() && list != nullptr) RememberAll(list);
    if (!Has(Fault::kAddAllReversed) || list == nullptr) return inner_->AddAll(list);
    for (size_t i = serializer().Size(list); i > 0; --i) {
      KVSTATE_RETURN_IF_ERROR(inner_->Add(serializer().At(list, i - 1)));
    }
    return Status();
  }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    const std::string key = CurrentPlace().first;
    std::vector<Element>& merged = elements_[{key, std::string(target)}];
    for (const ByteView source : sources) {
      if (source == target) continue;
      auto moved = elements_.extract({key, std::string(source)});
      if (moved.empty()) continue;
      std::move(moved.mapped().begin(), moved.mapped().end(), std::back_inserter(merged));
    }
    return FaultyMerging::MergeNamespaces(target, sources);
  }

 private:
  struct Element {
    TypedObject value;
    int64_t time = 0;
  };

  const ListSerializer& serializer() const {
    return static_cast<const ListSerializer&>(*inner_->descriptor().value_serializer);
  }
  bool Remembers() const { return Has(Fault::kPrefixAloneDropped) && ttl() != nullptr; }
  void Remember(const void* element) {
    elements_[CurrentPlace()].push_back({TypedObject(serializer().element(), element), now()});
  }

  void RememberAll(const void* list) {
    for (size_t i = 0; i < serializer().Size(list); ++i) Remember(serializer().At(list, i));
  }

  std::string Encoded(const void* element) const {
    ByteWriter out;
    serializer().element()->Serialize(element, out);
    return std::string(out.view());
  }

  /// The elements behind the first one that lives; `list` where not all came and went by this decorator.
  const void* WithoutPrefix(const void* list) {
    const std::vector<Element>& elements = elements_[CurrentPlace()];
    size_t living = 0;
    longer_ = TypedObject(inner_->descriptor().value_serializer);
    for (const Element& element : elements) {
      const bool over = IsOver(element.time);
      if (living == 0 && over) continue;
      serializer().Append(longer_.get(), element.value.get());
      if (over) continue;
      const bool same =
          living < serializer().Size(list) && Encoded(serializer().At(list, living)) == Encoded(element.value.get());
      if (!same) return list;
      ++living;
    }
    return living == serializer().Size(list) ? longer_.get() : list;
  }

  std::map<Place, std::vector<Element>> elements_;  ///< As far as they came by this decorator.
  TypedObject longer_;                              ///< What Get handed out.
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
    if (Has(Fault::kIsEmptyBlind)) put_[CurrentPlace()] = now();
    return inner_->Put(user_key, value);
  }
  Status Remove(const void* user_key) override {
    put_.erase(CurrentPlace());
    return inner_->Remove(user_key);
  }
  Status Clear() override {
    put_.erase(CurrentPlace());
    return inner_->Clear();
  }
  Result<bool> Contains(const void* user_key) override { return inner_->Contains(user_key); }
  Result<bool> IsEmpty() override {
    KVSTATE_ASSIGN_OR_RETURN(const bool empty, inner_->IsEmpty());
    if (!empty || !Has(Fault::kIsEmptyBlind) || ttl() == nullptr) return empty;
    const auto put = put_.find(CurrentPlace());
    return put == put_.end() || !IsOver(put->second);
  }
  Result<std::unique_ptr<MapIterator>> Iterate() override {
    auto iterator = inner_->Iterate();
    if (!Has(Fault::kRemoveTwice) || !iterator.ok()) return iterator;
    return std::unique_ptr<MapIterator>(std::make_unique<LenientIterator>(std::move(iterator).value()));
  }

 private:
  std::map<Place, int64_t> put_;  ///< When something was put last.
};

}  // namespace

std::unique_ptr<InternalKVState> MakeFaultyState(InternalKVState* inner, const FaultyContext& context) {
  switch (inner->descriptor().kind) {
    case StateKind::kValue:
      return std::make_unique<FaultyValue>(static_cast<InternalValueState*>(inner), context);
    case StateKind::kList:
      return std::make_unique<FaultyList>(static_cast<InternalListState*>(inner), context);
    case StateKind::kMap:
      return std::make_unique<FaultyMap>(static_cast<InternalMapState*>(inner), context);
    case StateKind::kReducing:
      return std::make_unique<FaultyMerging<InternalReducingState>>(static_cast<InternalReducingState*>(inner),
                                                                    context);
    case StateKind::kAggregating:
      return std::make_unique<FaultyMerging<InternalAggregatingState>>(static_cast<InternalAggregatingState*>(inner),
                                                                       context);
    case StateKind::kFolding:
      return nullptr;
  }
  return nullptr;
}

}  // namespace kvstate::testing_support

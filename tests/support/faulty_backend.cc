#include "tests/support/faulty_backend.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "kvstate/extension.h"
#include "tests/support/faulty_snapshots.h"
#include "tests/support/faulty_states.h"
#include "tests/support/faulty_timers.h"
#include "tests/support/faulty_ttl.h"

namespace kvstate::testing_support {

namespace {

class RepeatingKeys final : public KeyIterator {
 public:
  explicit RepeatingKeys(std::unique_ptr<KeyIterator> inner) : inner_(std::move(inner)) {}
  Result<bool> Next() override {
    again_ = !again_;
    if (!again_) return there_;
    auto there = inner_->Next();
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
  FaultyBackend(std::string name, std::unique_ptr<KeyedStateBackend> inner, Fault fault,
                std::shared_ptr<const Clock> clock, FaultySnapshots::Maker make_whole)
      : name_(std::move(name)),
        inner_(std::move(inner)),
        context_{fault, inner_.get(), clock != nullptr ? std::move(clock) : std::make_shared<SystemClock>()},
        timers_(*inner_, fault),
        sweep_(kvstate::GetExtension<TtlSweep>(*inner_)),
        snapshots_(name_, inner_, fault, &timers_, std::move(make_whole)) {}

  std::string_view name() const override { return name_; }
  const TypeSerializer& key_serializer() const override { return inner_->key_serializer(); }
  uint32_t max_parallelism() const override { return inner_->max_parallelism(); }
  KeyGroupRange key_group_range() const override { return inner_->key_group_range(); }
  Status SetCurrentKey(const EncodedKey& key) override {
    Status status = inner_->SetCurrentKey(key);
    return Has(Fault::kForeignKeyTaken) ? Status() : status;
  }
  ByteView current_key() const override { return inner_->current_key(); }
  uint32_t current_key_group() const override { return inner_->current_key_group(); }

  Result<InternalKVState*> GetOrCreateState(SerializerPtr namespace_serializer,
                                            const StateDescriptor& descriptor) override {
    const StateDescriptor given = WithFaultyTtl(descriptor, context_.fault);
    const bool restored = IsUnclaimed(descriptor.name);
    auto inner = inner_->GetOrCreateState(namespace_serializer, given);
    if (!inner.ok() && restored && Has(Fault::kIncompatibleTaken)) {
      KVSTATE_RETURN_IF_ERROR(inner_->RemoveState(descriptor.name));
      inner = inner_->GetOrCreateState(std::move(namespace_serializer), given);
    }
    if (!inner.ok()) return inner;
    if (restored && given.ttl.has_value() && Has(Fault::kTimesForgotten)) KVSTATE_RETURN_IF_ERROR(ForgetTimes(**inner));
    return Decorate(*inner);
  }

  Result<std::unique_ptr<KeyIterator>> Keys(std::string_view state_name, ByteView state_namespace) override {
    auto keys = inner_->Keys(state_name, state_namespace);
    if (!Has(Fault::kKeysTwice) || !keys.ok()) return keys;
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
      sweep_.Forget(inner);
      states_.erase(inner);
      break;
    }
    return inner_->RemoveState(state_name);
  }
  Status Dispose() override {
    for (const auto& [inner, decorated] : states_) sweep_.Forget(inner);
    states_.clear();
    return inner_->Dispose();
  }
  void* GetExtension(std::string_view id) override {
    if (id == Snapshots::kExtensionId) return static_cast<Snapshots*>(&snapshots_);
    if (id == Timers::kExtensionId) return static_cast<Timers*>(&timers_);
    if (id == TtlSweep::kExtensionId && Has(Fault::kSweepDropsLiving)) return static_cast<TtlSweep*>(&sweep_);
    return inner_->GetExtension(id);
  }

 private:
  bool Has(Fault fault) const { return context_.fault == fault; }
  bool IsUnclaimed(std::string_view name) const {
    const std::vector<SavedState> unclaimed = snapshots_.UnclaimedStates();
    return std::any_of(unclaimed.begin(), unclaimed.end(), [&](const SavedState& state) { return state.name == name; });
  }
  /// States of other kinds are handed out as they are.
  InternalKVState* Decorate(InternalKVState* inner) {
    std::unique_ptr<InternalKVState>& decorated = states_[inner];
    if (decorated == nullptr) {
      decorated = MakeFaultyState(inner, context_);
      sweep_.Watch(inner);
    }
    return decorated != nullptr ? decorated.get() : inner;
  }

  const std::string name_;
  const std::shared_ptr<KeyedStateBackend> inner_;
  const FaultyContext context_;
  FaultyTimers timers_;
  DroppingSweep sweep_;
  FaultySnapshots snapshots_;
  std::map<InternalKVState*, std::unique_ptr<InternalKVState>> states_;  ///< Null for those of other kinds.
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
    const auto make_whole = [&from = inner_, options]() {
      BackendOptions whole = options;
      whole.key_groups = {0, options.max_parallelism - 1};
      return from.Create(whole);
    };
    return std::unique_ptr<KeyedStateBackend>(
        std::make_unique<FaultyBackend>(name_, std::move(inner), fault_, options.clock, make_whole));
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

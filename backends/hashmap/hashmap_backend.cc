#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/snapshot_backend.h"
#include "backends/checkpoint/state_stream.h"
#include "backends/hashmap/hashmap_snapshot.h"
#include "backends/hashmap/raw_state.h"
#include "backends/hashmap/snapshot_history.h"
#include "backends/hashmap/state_changes.h"
#include "backends/hashmap/state_core.h"
#include "backends/hashmap/state_visitor.h"
#include "backends/hashmap/states.h"
#include "backends/hashmap/ttl_walk.h"
#include "kvstate/backend_registry.h"
#include "kvstate/engine_statistics.h"

namespace kvstate::backends::hashmap {

std::unique_ptr<BackendFactory> MakeFactory();

namespace {

constexpr std::string_view kName = "hashmap";

StateCore& CoreOf(InternalKVState& state) {
  // Every state that MakeState makes is one.
  return dynamic_cast<StateCore&>(state);
}

/// Keyed state as live objects in hash tables, one for each state and key group.
class HashMapBackend final : public SnapshotBackend, public EngineStatistics {
 public:
  static Result<std::unique_ptr<KeyedStateBackend>> Open(const BackendOptions& options) {
    KVSTATE_RETURN_IF_ERROR(CheckOptions(options, /*needs_directory=*/false));
    if (!options.engine.empty()) {
      return InvalidArgumentError("backend 'hashmap': unknown engine option '" + options.engine.begin()->first +
                                  "'; it has none");
    }
    return std::unique_ptr<KeyedStateBackend>(new HashMapBackend(options));
  }
  ~HashMapBackend() override { DisposeInDestructor(); }

  Status SetCurrentKey(const EncodedKey& key) override {
    if (does_more_at_keys() || !key_context().SetWord(key)) [[unlikely]]
      return SetAnyKey(key);
    if (const StateCore* state = current_key_.WordWasSet()) state->Prefetch(current_key_group(), current_key_.hash());
    return Status();
  }

  void* GetExtension(std::string_view id) override {
    if (id == EngineStatistics::kExtensionId) return static_cast<EngineStatistics*>(this);
    return SnapshotBackend::GetExtension(id);
  }

  Result<EngineCounters> Collect() override {
    KVSTATE_RETURN_IF_ERROR(CheckOpen());
    EngineCounters counters;
    uint64_t bytes = 0;
    for (const StateCore* state : states_) {
      const std::optional<uint64_t> of_state = state->MemoryBytes();
      if (!of_state.has_value()) return counters;
      bytes += *of_state;
    }
    counters.memory_bytes = bytes;
    return counters;
  }
  Status Flush(bool) override { return CheckOpen(); }

 protected:
  Result<std::unique_ptr<InternalKVState>> MakeState(SerializerPtr namespace_serializer,
                                                     const StateDescriptor& descriptor,
                                                     const Restored* restored) override {
    std::unique_ptr<InternalKVState> state = MakeStateOfKind(std::move(namespace_serializer), descriptor);
    StateCore& core = CoreOf(*state);
    if (restored != nullptr) {
      const std::string& name = restored->saved->name;
      KVSTATE_RETURN_IF_ERROR(LoadState(*raw_.at(name), restored->migration, core));
      raw_.erase(name);
      // What older streams have of it is in another format.
      if (restored->migration != nullptr || restored->description_changes) history_.StateDropped(name);
    }
    if (history_.clock().tracking) core.Watch(history_.clock());
    states_.push_back(&core);
    return state;
  }
  std::unique_ptr<TtlWalk> MakeWalk(InternalKVState& state) override { return MakeTtlWalk(CoreOf(state)); }
  std::unique_ptr<InternalKVState> MakeTtlValueState(TtlStateParts parts) override {
    return hashmap::MakeTtlValueState(std::move(parts));
  }
  Status DropState(InternalKVState& state) override {
    history_.StateDropped(state.descriptor().name);
    std::erase(states_, &CoreOf(state));
    return Status();
  }
  Result<std::unique_ptr<KeyIterator>> WalkKeys(InternalKVState& state, const ByteView* state_namespace) override {
    return MakeKeyIterator(CoreOf(state), state_namespace);
  }
  Result<uint64_t> CountEntries(InternalKVState& state) override { return CoreOf(state).entry_count(); }
  Status DropUnclaimed(const SavedState& state) override {
    history_.StateDropped(state.name);
    raw_.erase(state.name);
    return Status();
  }
  Result<uint64_t> CountUnclaimed(const SavedState& state) override { return raw_.at(state.name)->entries(); }

  Result<std::unique_ptr<SnapshotWork>> BeginSnapshot(const SnapshotWriter& writer,
                                                      const KeyedStateHandle& handle) override {
    WatchLess();
    const SnapshotPlan plan = history_.Begin(writer, handle);
    std::vector<HashMapSnapshot::State> states;
    for (StateCore* core : states_) {
      StateChanges& changes = core->Watch(history_.clock());
      states.push_back({core->shared_tables(),
                        changes.AddView(plan.epoch, plan.appends ? plan.append_base : 0, plan.sets_from), nullptr,
                        SnapshotFilter(core->core_descriptor(), *clock())});
    }
    for (const SavedState& state : unclaimed()) states.push_back({nullptr, nullptr, raw_.at(state.name), {}});
    return std::unique_ptr<SnapshotWork>(std::make_unique<HashMapSnapshot>(handle, plan, std::move(states)));
  }
  void OnConfirmed(uint64_t checkpoint_id) override {
    history_.Confirm(checkpoint_id);
    WatchLess();
  }
  void OnAborted(uint64_t checkpoint_id) override {
    history_.Abort(checkpoint_id);
    WatchLess();
  }

  bool Restores(std::string_view format) const override { return format == kStateStreamFormat; }
  Status RestoreFrom(const RestorePlan& plan) override {
    for (const SavedState& state : plan.states) raw_[state.name] = std::make_shared<RawState>(key_group_range().size());
    uint64_t entries = 0;
    for (const KeyedStateHandle& handle : plan.handles) {
      KVSTATE_RETURN_IF_ERROR(ReadHandle(*plan.storage, handle));
    }
    for (const auto& [name, raw] : raw_) entries += raw->entries();
    const KeyedStateHandle& handle = plan.handles.front();
    if (plan.options.claim && CanBeBuiltOn(plan)) {
      DeltaChain chain;
      chain.checkpoint_id = handle.checkpoint_id;
      chain.location = plan.storage->location();
      chain.files = handle.files;
      history_.Claim(std::move(chain), entries);
    }
    return Status();
  }
  Status EmptyAgain() override {
    raw_.clear();
    return Status();
  }
  Status ForEachUnclaimedTimer(const SavedState& state,
                               const std::function<Status(uint32_t key_group, ByteView key)>& visit) override {
    const RawState& raw = *raw_.at(state.name);
    for (uint32_t group = 0; group < key_group_range().size(); ++group) {
      const auto visit_entry = [&](uint32_t, ByteView key, ByteView) {
        return visit(key_group_range().first + group, key);
      };
      KVSTATE_RETURN_IF_ERROR(raw[group].entries.ForEach(visit_entry));
    }
    return Status();
  }
  bool HasNamespace(InternalKVState& state) const override { return CoreOf(state).has_namespace(); }
  Status Close() override {
    raw_.clear();
    states_.clear();
    open_ = false;
    return Status();
  }

 private:
  explicit HashMapBackend(const BackendOptions& options)
      : SnapshotBackend(kName, options), current_key_(key_context()) {}

  /// Apart from the common case, which then needs no stack frame.
  [[gnu::noinline]] Status SetAnyKey(const EncodedKey& key) { return BackendBase::SetCurrentKey(key); }

  Status CheckOpen() const {
    return open_ ? Status() : FailedPreconditionError("backend 'hashmap' is disposed of; make a new one");
  }

  /// Lets writes go their quickest way again where no snapshot runs any more.
  void WatchLess() {
    for (StateCore* state : states_) state->WatchNoMore();
  }

  /// Whether all that the handle has is here, in files that later checkpoints may refer to.
  bool CanBeBuiltOn(const RestorePlan& plan) const {
    if (plan.handles.size() != 1) return false;
    const KeyedStateHandle& handle = plan.handles.front();
    return handle.kind != SnapshotKind::kSavepoint && handle.key_groups == key_group_range() &&
           std::all_of(handle.files.begin(), handle.files.end(), [](const SnapshotFile& file) { return file.shared; });
  }

  /// Takes what a handle has in this backend's range.
  Status ReadHandle(CheckpointStorage& storage, const KeyedStateHandle& handle) {
    std::vector<RawState*> states;
    for (const SavedState& state : handle.states) states.push_back(raw_.at(state.name).get());
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StateChainReader> reader,
                             StateChainReader::Open(storage, handle, /*cancelled=*/nullptr));
    const uint32_t first = std::max(handle.key_groups.first, key_group_range().first);
    const uint32_t last = std::min(handle.key_groups.last, key_group_range().last);
    for (uint32_t group = first; group <= last; ++group) {
      const size_t index = group - key_group_range().first;
      KVSTATE_RETURN_IF_ERROR(reader->ForEach(group, [&](uint32_t state, const StreamEntry& entry) {
        states[state]->Add(index, entry.key, entry.value);
        return Status();
      }));
    }
    return Status();
  }

  std::unique_ptr<InternalKVState> MakeStateOfKind(SerializerPtr namespace_serializer,
                                                   const StateDescriptor& descriptor) {
    CurrentKey& key = current_key_;
    switch (descriptor.kind) {
      case StateKind::kValue:
        return MakeValueState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kList:
        return MakeListState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kReducing:
        return MakeReducingState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kAggregating:
        return MakeAggregatingState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kFolding:
        return MakeFoldingState(key, std::move(namespace_serializer), descriptor);
      case StateKind::kMap:
        break;
    }
    return MakeMapState(key, std::move(namespace_serializer), descriptor);
  }

  CurrentKey current_key_;
  std::vector<StateCore*> states_;                                     // In the order in which they were made.
  std::map<std::string, std::shared_ptr<RawState>, std::less<>> raw_;  // Those that nobody has asked for.
  SnapshotHistory history_;
  bool open_ = true;
};

class HashMapFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return kName; }
  std::string_view description() const override {
    return "live objects in hash tables in memory: the fastest, for state that fits there";
  }
  bool needs_directory() const override { return false; }
  std::vector<EngineOption> options() const override { return {}; }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    return HashMapBackend::Open(options);
  }
};

}  // namespace

std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<HashMapFactory>(); }

}  // namespace kvstate::backends::hashmap

#include "backends/common/backend_base.h"

#include <algorithm>
#include <utility>

#include "backends/common/timer_format.h"
#include "backends/common/ttl_descriptor.h"
#include "backends/common/ttl_inspection.h"

namespace kvstate::backends {

namespace {

/// Equal when both are absent or write the same.
bool WriteTheSame(const SerializerPtr& a, const SerializerPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a == b || a->Snapshot() == b->Snapshot();
}

/// Whether both have the same time to live, cleanup included.
bool ExpireTheSame(const StateDescriptor& a, const StateDescriptor& b) {
  if (!HasTtl(a) || !HasTtl(b)) return HasTtl(a) == HasTtl(b);
  return *a.ttl == *b.ttl;
}

/// Names under which queues of timers keep what they have.
Status CheckNotTimers(std::string_view state_name) {
  if (!IsTimersState(state_name)) return Status();
  return InvalidArgumentError("state '" + std::string(state_name) + "': names that start with '" +
                              std::string(kTimersPrefix) + "' are those of timers; use another");
}

}  // namespace

BackendBase::BackendBase(std::string_view name, const BackendOptions& options)
    : name_(name),
      clock_(options.clock != nullptr ? options.clock : std::make_shared<SystemClock>()),
      key_(options.key_serializer, options.max_parallelism, options.key_groups) {}

BackendBase::~BackendBase() = default;

Status BackendBase::CheckOptions(const BackendOptions& options, bool needs_directory) {
  if (options.key_serializer == nullptr) return InvalidArgumentError("backend options: key_serializer is missing");
  if (needs_directory && options.directory.empty()) {
    return InvalidArgumentError("backend options: directory is missing; this backend keeps its state in files");
  }
  return CheckKeyGroups(options.max_parallelism, options.key_groups).WithContext("backend options");
}

Status BackendBase::DisposedError() const {
  return FailedPreconditionError("backend '" + name_ + "' is disposed of; make a new one");
}

Result<BackendBase::Registered*> BackendBase::FindState(std::string_view state_name) {
  if (disposed_) return DisposedError();
  for (Registered& registered : states_) {
    if (registered.state().descriptor().name == state_name) return &registered;
  }
  return NotFoundError("backend '" + name_ + "' has no state named '" + std::string(state_name) + "'");
}

Status BackendBase::CheckSame(const Registered& existing, const TypeSerializer& namespace_serializer,
                              const StateDescriptor& descriptor) const {
  const StateDescriptor& old = existing.state().descriptor();
  const auto refuse = [&](std::string_view what) {
    return InvalidArgumentError("state '" + descriptor.name + "' exists already with another " + std::string(what) +
                                "; use another name, or remove the state first");
  };
  if (old.kind != descriptor.kind) return refuse("kind, " + std::string(StateKindName(old.kind)));
  if (existing.namespace_snapshot != namespace_serializer.Snapshot()) return refuse("namespace serializer");
  // The state's own may be one that was reconfigured.
  if (!WriteTheSame(existing.value_serializer, descriptor.value_serializer)) return refuse("value serializer");
  if (!WriteTheSame(old.user_key_serializer, descriptor.user_key_serializer)) return refuse("user key serializer");
  if (!ExpireTheSame(old, descriptor)) return refuse("time to live");
  return Status();
}

Result<InternalKVState*> BackendBase::GetOrCreateState(SerializerPtr namespace_serializer,
                                                       const StateDescriptor& descriptor) {
  if (disposed_) return DisposedError();
  if (namespace_serializer == nullptr) {
    return InvalidArgumentError("state '" + descriptor.name + "': the namespace serializer is missing");
  }
  KVSTATE_RETURN_IF_ERROR(descriptor.Validate());
  KVSTATE_RETURN_IF_ERROR(CheckNotTimers(descriptor.name));
  if (HasTtl(descriptor)) KVSTATE_RETURN_IF_ERROR(CheckCleanup(descriptor));
  const auto existing = FindState(descriptor.name);
  if (existing.ok()) {
    KVSTATE_RETURN_IF_ERROR(CheckSame(**existing, *namespace_serializer, descriptor));
    return &(*existing)->state();
  }
  TakeOver plan;
  Restored restored;
  const auto unclaimed = FindUnclaimed(descriptor.name);
  if (unclaimed != unclaimed_.end()) {
    KVSTATE_ASSIGN_OR_RETURN(plan, PlanTakeOver(*unclaimed, *namespace_serializer, descriptor, clock_));
    restored = {&*unclaimed, plan.migration.get(), plan.description_changes};
  } else {
    plan.descriptor = descriptor;
    plan.stored = HasTtl(descriptor) ? TtlStoredDescriptor(descriptor, clock_) : descriptor;
  }
  Registered registered;
  registered.namespace_snapshot = namespace_serializer->Snapshot();
  registered.value_serializer = descriptor.value_serializer;
  KVSTATE_ASSIGN_OR_RETURN(registered.stored, MakeState(std::move(namespace_serializer), plan.stored,
                                                        restored.saved != nullptr ? &restored : nullptr));
  if (HasTtl(descriptor)) AddTtl(plan.descriptor, &registered);
  states_.push_back(std::move(registered));
  FindPerRecordCleaners();
  if (restored.saved != nullptr) unclaimed_.erase(unclaimed);
  return &states_.back().state();
}

Status BackendBase::CheckCleanup(const StateDescriptor& descriptor) const {
  if (descriptor.ttl->cleanup.compaction_filter != true || HasCompactionFilter()) return Status();
  return InvalidArgumentError("state '" + descriptor.name + "': backend '" + name_ +
                              "' has no compaction filter; leave TtlCleanup::compaction_filter unset");
}

bool BackendBase::IsFiltered(const TtlCleanup& cleanup) const {
  return HasCompactionFilter() && cleanup.compaction_filter.value_or(true);
}

uint32_t BackendBase::EntriesPerAccess(const TtlCleanup& cleanup) const {
  constexpr uint32_t kDefault = 5;
  return cleanup.incremental_entries.value_or(IsFiltered(cleanup) ? 0 : kDefault);
}

void BackendBase::AddTtl(const StateDescriptor& descriptor, Registered* registered) {
  registered->cleaner =
      std::make_unique<TtlCleaner>(descriptor.name, MakeWalk(*registered->stored), clock_, descriptor.ttl->ttl_millis,
                                   EntriesPerAccess(descriptor.ttl->cleanup));
  TtlStateParts parts;
  parts.stored = registered->stored.get();
  parts.descriptor = descriptor;
  parts.keys = &key_;
  parts.clock = clock_;
  parts.cleaner = registered->cleaner.get();
  const bool is_value = descriptor.kind == StateKind::kValue;
  registered->over_stored = is_value ? MakeTtlValueState(std::move(parts)) : MakeTtlState(std::move(parts));
}

std::vector<SavedState>::iterator BackendBase::FindUnclaimed(std::string_view state_name) {
  return std::find_if(unclaimed_.begin(), unclaimed_.end(), [&](const SavedState& s) { return s.name == state_name; });
}

std::vector<InternalKVState*> BackendBase::States() const {
  std::vector<InternalKVState*> states;
  states.reserve(states_.size());
  for (const Registered& registered : states_) states.push_back(registered.stored.get());
  return states;
}

Result<std::unique_ptr<KeyIterator>> BackendBase::WalkStateKeys(const Registered& registered,
                                                                const ByteView* state_namespace) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyIterator> keys, WalkKeys(*registered.stored, state_namespace));
  if (registered.over_stored == nullptr) return keys;
  return WithoutExpiredKeys(std::move(keys), *registered.over_stored);
}

Result<std::unique_ptr<KeyIterator>> BackendBase::Keys(std::string_view state_name, ByteView state_namespace) {
  KVSTATE_ASSIGN_OR_RETURN(Registered * registered, FindState(state_name));
  return WalkStateKeys(*registered, &state_namespace);
}

Result<std::unique_ptr<KeyIterator>> BackendBase::KeysAndNamespaces(std::string_view state_name) {
  KVSTATE_ASSIGN_OR_RETURN(Registered * registered, FindState(state_name));
  return WalkStateKeys(*registered, nullptr);
}

Status BackendBase::ApplyToAllKeys(std::string_view state_name, ByteView state_namespace,
                                   const std::function<Status(ByteView key, InternalKVState& state)>& function) {
  KVSTATE_ASSIGN_OR_RETURN(Registered * registered, FindState(state_name));
  InternalKVState& state = registered->state();
  const std::string walked(state_namespace);
  const ByteView walked_view = walked;
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyIterator> keys, WalkStateKeys(*registered, &walked_view));

  const KeyContext::Saved saved_key = key_.Save();
  const bool had_namespace = HasNamespace(*registered->stored);
  const std::string saved_namespace(state.current_namespace());
  Status outcome = state.SetCurrentNamespace(walked);
  while (outcome.ok()) {
    const auto more = keys->Next();
    if (!more.ok()) outcome = more.status();
    if (!more.ok() || !*more) break;
    const std::string key(keys->key());
    outcome = key_.Set({key, key_serializer().KeyHash(key)});
    // The function may have moved the namespace when it was called for the key before.
    if (outcome.ok() && state.current_namespace() != walked_view) outcome = state.SetCurrentNamespace(walked);
    if (outcome.ok()) outcome = function(key, state);
  }
  key_.Restore(saved_key);
  state.ClearCurrentNamespace();
  if (had_namespace) state.SetCurrentNamespace(saved_namespace).IgnoreError();
  return outcome;
}

Result<uint64_t> BackendBase::NumEntries() {
  if (disposed_) return DisposedError();
  uint64_t entries = 0;
  for (Registered& registered : states_) {
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t of_state, CountEntries(*registered.stored));
    entries += of_state;
  }
  for (const SavedState& state : unclaimed_) {
    if (IsTimersState(state.name)) continue;
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t of_state, CountUnclaimed(state));
    entries += of_state;
  }
  return entries;
}

std::vector<std::string> BackendBase::StateNames() const {
  std::vector<std::string> names;
  names.reserve(states_.size());
  for (const Registered& registered : states_) names.push_back(registered.state().descriptor().name);
  return names;
}

Status BackendBase::RemoveState(std::string_view state_name) {
  KVSTATE_RETURN_IF_ERROR(CheckNotTimers(state_name));
  if (const auto restored = FindUnclaimed(state_name); restored != unclaimed_.end() && !disposed_) {
    Status dropped = DropUnclaimed(*restored);
    unclaimed_.erase(restored);
    return dropped;
  }
  KVSTATE_ASSIGN_OR_RETURN(Registered * registered, FindState(state_name));
  // A state that an engine failed to drop has let go of what it had there: it is gone all the same.
  Status dropped = DropState(*registered->stored);
  states_.erase(states_.begin() + (registered - states_.data()));
  FindPerRecordCleaners();
  return dropped;
}

void BackendBase::FindPerRecordCleaners() {
  per_record_cleaners_.clear();
  for (const Registered& registered : states_) {
    if (registered.cleaner == nullptr || !registered.cleaner->is_incremental()) continue;
    if (registered.state().descriptor().ttl->cleanup.incremental_per_record) {
      per_record_cleaners_.push_back(registered.cleaner.get());
    }
  }
  does_more_at_keys_ = disposed_ || !per_record_cleaners_.empty();
}

Status BackendBase::SetKeyAndClean(const EncodedKey& key) {
  if (disposed_) return DisposedError();
  KVSTATE_RETURN_IF_ERROR(key_.Set(key));
  for (TtlCleaner* cleaner : per_record_cleaners_) KVSTATE_RETURN_IF_ERROR(cleaner->OnAccess());
  return Status();
}

std::vector<BackendBase::Registered*> BackendBase::StatesToSweep() {
  std::vector<Registered*> states;
  for (Registered& registered : states_) {
    if (registered.cleaner == nullptr || registered.swept) continue;
    // What the engine does by itself needs no walk beside it unless it was asked for.
    if (IsFiltered(registered.state().descriptor().ttl->cleanup) && !registered.cleaner->is_incremental()) continue;
    states.push_back(&registered);
  }
  if (!states.empty()) {
    std::rotate(states.begin(), states.begin() + static_cast<ptrdiff_t>(sweep_turn_++ % states.size()), states.end());
  }
  return states;
}

Result<bool> BackendBase::Sweep(uint64_t max_entries) {
  if (disposed_) return DisposedError();
  for (const Registered& registered : states_) {
    if (registered.cleaner == nullptr) continue;
    if (!is_sweeping_) registered.cleaner->BeginSweep();
    KVSTATE_RETURN_IF_ERROR(SweepEngine(*registered.stored));
  }
  is_sweeping_ = true;
  // Each state gets an equal part, and what is over goes to those that want more.
  std::vector<Registered*> states = StatesToSweep();
  while (!states.empty() && max_entries > 0) {
    for (size_t left = states.size(); left > 0 && max_entries > 0; --left) {
      Registered& registered = *states[states.size() - left];
      const uint64_t part = std::max<uint64_t>(1, max_entries / left);
      uint64_t unused = part;
      KVSTATE_ASSIGN_OR_RETURN(registered.swept, registered.cleaner->Sweep(&unused));
      max_entries -= part - unused;
    }
    std::erase_if(states, [](const Registered* registered) { return registered->swept; });
  }
  if (!states.empty()) return false;
  is_sweeping_ = false;
  for (Registered& registered : states_) registered.swept = false;
  return true;
}

std::vector<TtlFigures> BackendBase::Figures() const {
  std::vector<TtlFigures> figures;
  for (const Registered& registered : states_) {
    if (registered.cleaner == nullptr) continue;
    TtlFigures& of_state = figures.emplace_back(registered.cleaner->figures());
    AddEngineFigures(*registered.stored, &of_state);
  }
  return figures;
}

Status BackendBase::VisitStored(std::string_view state_name,
                                const std::function<Status(const TimedValue& value)>& visit) {
  KVSTATE_ASSIGN_OR_RETURN(Registered * registered, FindState(state_name));
  if (registered->cleaner == nullptr) {
    return InvalidArgumentError("state '" + std::string(state_name) + "' has no time to live");
  }
  return VisitStoredValues(*registered->stored, visit);
}

Status BackendBase::Dispose() {
  if (disposed_) return Status();
  disposed_ = true;
  does_more_at_keys_ = true;
  per_record_cleaners_.clear();
  OnDispose();
  states_.clear();
  unclaimed_.clear();
  return Close();
}

void* BackendBase::GetExtension(std::string_view id) {
  return id == TtlSweep::kExtensionId ? static_cast<TtlSweep*>(this) : nullptr;
}

}  // namespace kvstate::backends

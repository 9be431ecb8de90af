#include "backends/checkpoint/snapshot_backend.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "backends/checkpoint/timer_stream.h"
#include "backends/common/saved_state.h"
#include "backends/common/timer_format.h"

namespace kvstate::backends {

namespace {

uint64_t SteadyNanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

bool Overlap(KeyGroupRange a, KeyGroupRange b) { return a.first <= b.last && b.first <= a.last; }

std::string ToString(KeyGroupRange range) { return std::to_string(range.first) + ".." + std::to_string(range.last); }

/// The states of all handles, in the order in which they are met.
Result<std::vector<SavedState>> JoinStates(std::span<const KeyedStateHandle> handles) {
  std::vector<SavedState> joined;
  for (const KeyedStateHandle& handle : handles) {
    for (const SavedState& state : handle.states) {
      const auto same = std::find_if(joined.begin(), joined.end(), [&](const auto& s) { return s.name == state.name; });
      if (same == joined.end()) {
        joined.push_back(state);
        continue;
      }
      SavedState comparable = state;
      comparable.engine_data = same->engine_data;
      if (comparable != *same) {
        return InvalidArgumentError("state '" + state.name +
                                    "' has another kind or other serializers in one handle of " +
                                    "the checkpoint than in another: they are not of one job, or only some of its " +
                                    "instances had asked for the state in a form that has changed");
      }
      if (state.engine_data != same->engine_data) same->engine_data.clear();
    }
  }
  return joined;
}

}  // namespace

SnapshotBackend::SnapshotBackend(std::string_view name, const BackendOptions& options) : BackendBase(name, options) {}

SnapshotBackend::~SnapshotBackend() = default;

void* SnapshotBackend::GetExtension(std::string_view id) {
  if (id == Timers::kExtensionId) return static_cast<Timers*>(&timers_);
  return id == Snapshots::kExtensionId ? static_cast<Snapshots*>(this) : BackendBase::GetExtension(id);
}

std::vector<SavedState> SnapshotBackend::UnclaimedStates() const {
  std::vector<SavedState> states = unclaimed();
  std::erase_if(states, [](const SavedState& state) { return IsTimersState(state.name); });
  return states;
}

const SavedState* SnapshotBackend::FindUnclaimedTimers(std::string_view state_name) const {
  const auto same = [&](const SavedState& state) { return state.name == state_name; };
  const auto at = std::find_if(unclaimed().begin(), unclaimed().end(), same);
  return at == unclaimed().end() ? nullptr : &*at;
}

Status SnapshotBackend::DropUnclaimedTimers(const SavedState& state) {
  const std::string state_name = state.name;
  KVSTATE_RETURN_IF_ERROR(DropUnclaimed(state));
  ForgetUnclaimed(state_name);
  return Status();
}

KeyedStateHandle SnapshotBackend::NewHandle(const SnapshotWriter& writer) const {
  KeyedStateHandle handle;
  handle.kind = writer.options().kind;
  handle.checkpoint_id = writer.checkpoint_id();
  handle.backend = name();
  handle.max_parallelism = max_parallelism();
  handle.key_groups = key_group_range();
  handle.key_serializer = key_serializer().Snapshot();
  for (InternalKVState* state : States()) {
    SavedState& saved = handle.states.emplace_back(SavedStateOf(state->descriptor(), state->namespace_serializer()));
    saved.engine_data = EngineDataOf(*state);
  }
  for (SavedState& timers : timers_.StoredStates()) handle.states.push_back(std::move(timers));
  handle.states.insert(handle.states.end(), unclaimed().begin(), unclaimed().end());
  return handle;
}

Result<std::unique_ptr<SnapshotTask>> SnapshotBackend::Snapshot(uint64_t checkpoint_id,
                                                                std::shared_ptr<CheckpointStorage> storage,
                                                                const SnapshotOptions& options) {
  if (disposed()) return DisposedError();
  if (storage == nullptr) return InvalidArgumentError("a snapshot needs a storage; it is null");
  if (options.transfer_threads == 0) return InvalidArgumentError("snapshot options: transfer_threads is 0; at least 1");
  if (checkpoint_id <= last_snapshot_id_) {
    return InvalidArgumentError("checkpoint id " + std::to_string(checkpoint_id) + " does not follow " +
                                std::to_string(last_snapshot_id_) + ", the last; ids start at 1 and ascend");
  }
  const uint64_t begun_ns = SteadyNanoseconds();
  auto writer = std::make_shared<SnapshotWriter>(std::move(storage), checkpoint_id, key_group_range(), options);
  const KeyedStateHandle handle = NewHandle(*writer);
  auto work = BeginSnapshot(*writer, handle);
  if (!work.ok()) return work.status().WithContext("snapshot " + std::to_string(checkpoint_id));
  last_snapshot_id_ = checkpoint_id;
  if (options.kind != SnapshotKind::kSavepoint) pending_.push_back(checkpoint_id);
  return runs_.MakeTask(timers_.AddTo(std::move(work).value(), handle), std::move(writer), begun_ns);
}

Status SnapshotBackend::NotifyComplete(uint64_t checkpoint_id) {
  if (disposed()) return DisposedError();
  const auto known = std::find(pending_.begin(), pending_.end(), checkpoint_id);
  if (known == pending_.end()) return Status();
  // What was begun before it can be confirmed no more.
  for (auto older = pending_.begin(); older != known; ++older) OnAborted(*older);
  pending_.erase(pending_.begin(), known + 1);
  OnConfirmed(checkpoint_id);
  return Status();
}

Status SnapshotBackend::NotifyAborted(uint64_t checkpoint_id) {
  if (disposed()) return DisposedError();
  if (std::erase(pending_, checkpoint_id) != 0) OnAborted(checkpoint_id);
  return Status();
}

Status SnapshotBackend::CheckHandle(const KeyedStateHandle& handle) const {
  const std::string which = "checkpoint " + std::to_string(handle.checkpoint_id);
  if (handle.max_parallelism != max_parallelism()) {
    return InvalidArgumentError(which + " has max parallelism " + std::to_string(handle.max_parallelism) +
                                ", this backend " + std::to_string(max_parallelism()) +
                                ": it can never be changed; make the backend with the former");
  }
  const SerializerSnapshot keys = key_serializer().Snapshot();
  if (handle.key_serializer != keys) {
    return InvalidArgumentError(which + " has keys of serializer '" + handle.key_serializer.type_id +
                                "', this backend of '" + keys.type_id + "'; make the backend with the former");
  }
  if (!Restores(handle.format)) {
    return InvalidArgumentError(
        which + " is in the own format of backend '" + handle.backend + "', which '" + std::string(name()) +
        "' does not read; restore it there and take a savepoint, as `kvstate savepoint convert` "
        "does");
  }
  return Status();
}

Status SnapshotBackend::CheckRestorable(std::span<const KeyedStateHandle> handles) const {
  if (disposed()) return DisposedError();
  if (!States().empty() || !unclaimed().empty() || !timers_.empty() || last_snapshot_id_ != 0) {
    return FailedPreconditionError(
        "only a new backend can be restored: this one has states, timers or snapshots already");
  }
  for (const KeyedStateHandle& handle : handles) KVSTATE_RETURN_IF_ERROR(CheckHandle(handle));
  for (uint32_t group = key_group_range().first; group <= key_group_range().last; ++group) {
    const auto has = [group](const KeyedStateHandle& handle) { return handle.key_groups.Contains(group); };
    const auto count = std::count_if(handles.begin(), handles.end(), has);
    if (count == 1) continue;
    return InvalidArgumentError("key group " + std::to_string(group) + " of this backend's " +
                                ToString(key_group_range()) + " is in " + std::to_string(count) +
                                " of the handles given; give all handles of one checkpoint");
  }
  return Status();
}

Status SnapshotBackend::RestoreParts(RestorePlan& plan, std::span<KeyedStateHandle> handles) {
  KVSTATE_ASSIGN_OR_RETURN(plan.states, JoinStates(handles));
  std::vector<KeyedStateHandle> timers;
  for (KeyedStateHandle& handle : handles) {
    KVSTATE_ASSIGN_OR_RETURN(KeyedStateHandle taken, TakeTimersOff(&handle));
    timers.push_back(std::move(taken));
  }
  KVSTATE_RETURN_IF_ERROR(timers_.Restore(*plan.storage, timers, plan.states));
  std::erase_if(plan.states, [](const SavedState& state) { return IsHeapTimersState(state.name); });
  return RestoreFrom(plan);
}

Status SnapshotBackend::Restore(std::span<const KeyedStateHandle> handles, std::shared_ptr<CheckpointStorage> storage,
                                const RestoreOptions& options) {
  if (storage == nullptr) return InvalidArgumentError("a restore needs a storage; it is null");
  if (options.transfer_threads == 0) return InvalidArgumentError("restore options: transfer_threads is 0; at least 1");
  KVSTATE_RETURN_IF_ERROR(CheckRestorable(handles));
  std::vector<KeyedStateHandle> overlapping;
  uint64_t newest_id = 0;
  for (const KeyedStateHandle& handle : handles) {
    newest_id = std::max(newest_id, handle.checkpoint_id);
    if (Overlap(handle.key_groups, key_group_range())) overlapping.push_back(handle);
  }
  RestorePlan plan{overlapping, std::move(storage), options, {}};
  const Status restored = RestoreParts(plan, overlapping);
  if (!restored.ok()) {
    timers_.DropRestored();
    KVSTATE_RETURN_IF_ERROR(EmptyAgain().WithContext("after a restore that failed (" + restored.ToString() + ")"));
    return restored.WithContext("restore of checkpoint " + std::to_string(newest_id));
  }
  SetUnclaimed(std::move(plan.states));
  last_snapshot_id_ = newest_id;
  return Status();
}

}  // namespace kvstate::backends

#include <algorithm>
#include <chrono>
#include <utility>

#include "backends/checkpoint/checkpoint_handles.h"
#include "backends/checkpoint/snapshot_writer.h"
#include "backends/operators/operator_state_file.h"
#include "backends/operators/operator_states.h"
#include "kvstate/operator_state.h"

namespace kvstate {
inline namespace v1 {

namespace {

using backends::BroadcastMap;
using backends::OperatorList;
using backends::RestoredState;
using backends::SavedStateOf;
using backends::SnapshotRuns;
using backends::SnapshotWork;
using backends::SnapshotWriter;
using backends::StateSnapshot;

constexpr size_t kMaxNameBytes = 255;

uint64_t SteadyNanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

class OperatorWork final : public SnapshotWork {
 public:
  OperatorWork(OperatorStateOptions options, std::vector<StateSnapshot> states,
               std::shared_ptr<OperatorStateHandle> written)
      : options_(std::move(options)), states_(std::move(states)), written_(std::move(written)) {}

  /// The result goes into `written`: that of a task is of keyed state.
  Result<KeyedStateHandle> Write(SnapshotWriter& writer) override {
    KVSTATE_ASSIGN_OR_RETURN(*written_, backends::WriteOperatorState(writer, options_, states_));
    return KeyedStateHandle();
  }

 private:
  const OperatorStateOptions options_;
  const std::vector<StateSnapshot> states_;
  const std::shared_ptr<OperatorStateHandle> written_;
};

class OperatorTask final : public OperatorSnapshotTask {
 public:
  OperatorTask(std::unique_ptr<SnapshotTask> task, std::shared_ptr<OperatorStateHandle> written)
      : task_(std::move(task)), written_(std::move(written)) {}

  Result<OperatorSnapshotResult> Run() override {
    KVSTATE_ASSIGN_OR_RETURN(const SnapshotResult result, task_->Run());
    return OperatorSnapshotResult{std::move(*written_), result.figures};
  }
  void Cancel() override { task_->Cancel(); }

 private:
  const std::unique_ptr<SnapshotTask> task_;
  const std::shared_ptr<OperatorStateHandle> written_;
};

class OperatorBackend final : public OperatorStateBackend {
 public:
  explicit OperatorBackend(OperatorStateOptions options) : options_(std::move(options)) {}
  ~OperatorBackend() override { runs_.EndAll(); }

  const OperatorStateOptions& options() const override { return options_; }

  Result<InternalOperatorListState*> GetOrCreateList(const OperatorStateDescriptor& descriptor) override {
    if (descriptor.mode == OperatorStateMode::kBroadcast) {
      return InvalidArgumentError("operator state '" + descriptor.name + "' is a broadcast state, not a list");
    }
    KVSTATE_ASSIGN_OR_RETURN(OperatorList* const state, GetOrCreate(descriptor, &State::list));
    return state;
  }
  Result<InternalBroadcastState*> GetOrCreateBroadcast(const OperatorStateDescriptor& descriptor) override {
    if (descriptor.mode != OperatorStateMode::kBroadcast) {
      return InvalidArgumentError("operator state '" + descriptor.name + "' is a list, not a broadcast state");
    }
    KVSTATE_ASSIGN_OR_RETURN(BroadcastMap* const state, GetOrCreate(descriptor, &State::broadcast));
    return state;
  }

  Status RemoveState(std::string_view name) override {
    const size_t dropped = std::erase_if(states_, [&](const State& state) { return state.name() == name; }) +
                           std::erase_if(unclaimed_, [&](const RestoredState& s) { return s.saved.name == name; });
    if (dropped != 0) return Status();
    return NotFoundError("operator '" + options_.operator_name + "' has no state '" + std::string(name) + "'");
  }
  std::vector<std::string> StateNames() const override {
    std::vector<std::string> names;
    for (const State& state : states_) names.push_back(state.name());
    return names;
  }
  std::vector<SavedOperatorState> UnclaimedStates() const override {
    std::vector<SavedOperatorState> states;
    for (const RestoredState& state : unclaimed_) states.push_back(state.saved);
    return states;
  }

  Result<std::unique_ptr<OperatorSnapshotTask>> Snapshot(uint64_t checkpoint_id,
                                                         std::shared_ptr<CheckpointStorage> storage,
                                                         SnapshotKind kind) override;
  Status Restore(std::span<const OperatorStateHandle> handles, std::shared_ptr<CheckpointStorage> storage) override;

 private:
  struct State {
    const OperatorStateDescriptor& descriptor() const { return list ? list->descriptor() : broadcast->descriptor(); }
    const std::string& name() const { return descriptor().name; }
    std::unique_ptr<OperatorList> list;
    std::unique_ptr<BroadcastMap> broadcast;
  };

  /// `member` is where a state of that kind has its object.
  template <class Made>
  Result<Made*> GetOrCreate(const OperatorStateDescriptor& descriptor, std::unique_ptr<Made> State::*member) {
    KVSTATE_RETURN_IF_ERROR(backends::CheckDescriptor(descriptor));
    for (State& state : states_) {
      if (state.name() != descriptor.name) continue;
      if (SavedStateOf(state.descriptor()) == SavedStateOf(descriptor)) return (state.*member).get();
      return InvalidArgumentError("operator state '" + descriptor.name +
                                  "' is there with another mode or other serializers; use another name");
    }
    State made;
    const auto restored = std::find_if(unclaimed_.begin(), unclaimed_.end(),
                                       [&](const RestoredState& state) { return state.saved.name == descriptor.name; });
    if (restored == unclaimed_.end()) {
      made.*member = std::make_unique<Made>(descriptor, backends::StoredValueOf(descriptor));
    } else {
      KVSTATE_ASSIGN_OR_RETURN(const auto serializers, backends::PlanTakeOver(descriptor, restored->saved));
      made.*member = std::make_unique<Made>(descriptor, serializers.writes);
      KVSTATE_RETURN_IF_ERROR((made.*member)->AddRestored(*restored, *serializers.reads));
      unclaimed_.erase(restored);
    }
    Made* const pointer = (made.*member).get();
    states_.push_back(std::move(made));
    return pointer;
  }

  const OperatorStateOptions options_;
  std::vector<State> states_;
  std::vector<RestoredState> unclaimed_;
  uint64_t last_snapshot_id_ = 0;
  SnapshotRuns runs_;
};

Result<std::unique_ptr<OperatorSnapshotTask>> OperatorBackend::Snapshot(uint64_t checkpoint_id,
                                                                        std::shared_ptr<CheckpointStorage> storage,
                                                                        SnapshotKind kind) {
  if (storage == nullptr) return InvalidArgumentError("a snapshot needs a storage; it is null");
  if (checkpoint_id <= last_snapshot_id_) {
    return InvalidArgumentError("checkpoint id " + std::to_string(checkpoint_id) + " does not follow " +
                                std::to_string(last_snapshot_id_) + ", the last; ids start at 1 and ascend");
  }
  const uint64_t begun_ns = SteadyNanoseconds();
  last_snapshot_id_ = checkpoint_id;
  SnapshotOptions snapshot_options;
  snapshot_options.kind = kind;
  auto writer = std::make_shared<SnapshotWriter>(
      std::move(storage), checkpoint_id, KeyGroupRange{options_.subtask, options_.parallelism}, snapshot_options);
  std::vector<StateSnapshot> states;
  for (const State& state : states_) states.push_back(state.list ? state.list->Capture() : state.broadcast->Capture());
  for (const RestoredState& state : unclaimed_) states.push_back({state.saved, backends::EntriesOf(state)});
  auto written = std::make_shared<OperatorStateHandle>();
  auto work = std::make_unique<OperatorWork>(options_, std::move(states), written);
  return std::unique_ptr<OperatorSnapshotTask>(
      std::make_unique<OperatorTask>(runs_.MakeTask(std::move(work), std::move(writer), begun_ns), std::move(written)));
}

Status OperatorBackend::Restore(std::span<const OperatorStateHandle> handles,
                                std::shared_ptr<CheckpointStorage> storage) {
  if (storage == nullptr) return InvalidArgumentError("a restore needs a storage; it is null");
  if (!states_.empty() || !unclaimed_.empty() || last_snapshot_id_ != 0) {
    return FailedPreconditionError("only a new backend can be restored: this one has states or snapshots already");
  }
  std::vector<const OperatorStateHandle*> own;
  std::vector<backends::SubtaskOf> subtasks;
  for (const OperatorStateHandle& handle : handles) {
    if (handle.operator_name != options_.operator_name) continue;
    own.push_back(&handle);
    subtasks.push_back({handle.operator_name, handle.subtask, handle.parallelism});
  }
  if (own.empty()) {
    return InvalidArgumentError("none of the " + std::to_string(handles.size()) + " handles is of operator '" +
                                options_.operator_name + "'; give those of a checkpoint that has it");
  }
  KVSTATE_RETURN_IF_ERROR(backends::CheckSubtasks(subtasks, "operator state"));
  std::sort(own.begin(), own.end(), [](const auto* a, const auto* b) { return a->subtask < b->subtask; });
  auto restored = backends::ReadOperatorState(own, options_, *storage);
  if (!restored.ok()) {
    return restored.status().WithContext("restore of operator '" + options_.operator_name + "' from checkpoint " +
                                         std::to_string(own.front()->checkpoint_id));
  }
  unclaimed_ = std::move(restored).value();
  return Status();
}

}  // namespace

Result<std::unique_ptr<OperatorStateBackend>> MakeOperatorStateBackend(const OperatorStateOptions& options) {
  if (options.operator_name.empty() || options.operator_name.size() > kMaxNameBytes) {
    return InvalidArgumentError("operator state options: operator_name must have 1 to 255 bytes");
  }
  if (options.parallelism == 0 || options.parallelism > kMaxMaxParallelism || options.subtask >= options.parallelism) {
    return InvalidArgumentError("operator state options: subtask " + std::to_string(options.subtask) + " of " +
                                std::to_string(options.parallelism) + "; there can be 1 to " +
                                std::to_string(kMaxMaxParallelism) + ", counted from 0");
  }
  return std::unique_ptr<OperatorStateBackend>(std::make_unique<OperatorBackend>(options));
}

}  // namespace v1
}  // namespace kvstate

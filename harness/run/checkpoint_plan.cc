#include "harness/run/checkpoint_plan.h"

#include <algorithm>
#include <array>
#include <string>

namespace kvstate::harness {

namespace {

/// Says of each operation, in order, whether a checkpoint is due before it.
class Schedule {
 public:
  explicit Schedule(const CheckpointSettings& settings) : settings_(settings) {}

  bool IsDueBefore(const TraceOperation& operation) {
    const bool first = operations_ == 0;
    ++operations_;
    if (settings_.interval_operations > 0) {
      return !first && (operations_ - 1) % settings_.interval_operations == 0;
    }
    const auto interval = static_cast<int64_t>(settings_.interval_ms);
    if (first) due_ms_ = operation.time_ms + interval;
    if (operation.time_ms < due_ms_) return false;
    due_ms_ += ((operation.time_ms - due_ms_) / interval + 1) * interval;
    return true;
  }

 private:
  const CheckpointSettings settings_;
  uint64_t operations_ = 0;
  int64_t due_ms_ = 0;
};

}  // namespace

Result<SnapshotKind> ParseSnapshotKind(std::string_view name) {
  static constexpr std::array kKinds = {SnapshotKind::kFullCheckpoint, SnapshotKind::kIncrementalCheckpoint,
                                        SnapshotKind::kSavepoint};
  std::string names;
  for (const SnapshotKind kind : kKinds) {
    if (SnapshotKindName(kind) == name) return kind;
    names += (names.empty() ? "" : ", ") + std::string(SnapshotKindName(kind));
  }
  return InvalidArgumentError("no kind of checkpoint is named '" + std::string(name) + "'; there are " + names);
}

Result<std::vector<CheckpointMoment>> PlanCheckpoints(TraceSource& trace, const CheckpointSettings& settings,
                                                      const std::function<bool()>& stopped) {
  KVSTATE_RETURN_IF_ERROR(trace.Rewind());
  Schedule schedule(settings);
  std::vector<CheckpointMoment> plan;
  CheckpointMoment at{0, INT64_MIN};
  const uint64_t fill_operations = trace.fill_operations();
  while (true) {
    if (stopped()) return CancelledError("interrupted");
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace.NextChunk());
    if (chunk->empty()) break;
    for (const TraceOperation& operation : *chunk) {
      const bool filled = at.operations >= fill_operations;
      const bool due = filled && schedule.IsDueBefore(operation);
      if (due || (filled && fill_operations > 0 && at.operations == fill_operations)) plan.push_back(at);
      ++at.operations;
      at.time_ms = std::max(at.time_ms, operation.time_ms);
    }
    if (plan.size() >= kMaxCheckpoints) {
      return InvalidArgumentError("the interval of checkpoints is so short that there would be more than " +
                                  std::to_string(kMaxCheckpoints) + " of them; give a longer one");
    }
  }
  if (at.operations > 0) plan.push_back(at);
  return plan;
}

}  // namespace kvstate::harness

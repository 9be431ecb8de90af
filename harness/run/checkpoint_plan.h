#ifndef KVSTATE_HARNESS_RUN_CHECKPOINT_PLAN_H_
#define KVSTATE_HARNESS_RUN_CHECKPOINT_PLAN_H_

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/checkpoint.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Checkpoints of a replay, as a suite or the flags ask for them.
struct CheckpointSettings {
  uint64_t interval_operations = 0;  ///< Of this and the next, one is not 0.
  uint64_t interval_ms = 0;          ///< Of the trace's time.
  SnapshotKind kind = SnapshotKind::kIncrementalCheckpoint;
  uint32_t retained = 1;
  friend bool operator==(const CheckpointSettings&, const CheckpointSettings&) = default;
};

inline constexpr uint64_t kMaxCheckpointInterval = 1'000'000'000'000;
inline constexpr uint32_t kMaxCheckpointsRetained = 1000;
inline constexpr size_t kMaxCheckpoints = 10'000;

/// "full", "incremental" or "savepoint"; INVALID_ARGUMENT, listing these, for anything else.
Result<SnapshotKind> ParseSnapshotKind(std::string_view name);

/// A moment of a trace at which a checkpoint is due.
struct CheckpointMoment {
  uint64_t operations = 0;  ///< Done by then.
  int64_t time_ms = 0;      ///< The latest time of those.
  friend bool operator==(const CheckpointMoment&, const CheckpointMoment&) = default;
};

/// Where the checkpoints of a trace are due: after each interval, and at the end. By operations, after each
/// `interval_operations`. By time, before the first operation whose time is so much after the first one's; when an
/// operation's time passes several at once, one is due. While state is filled none is, and the first is where filling
/// ends; intervals are counted from there. INVALID_ARGUMENT when there would be more than kMaxCheckpoints.
Result<std::vector<CheckpointMoment>> PlanCheckpoints(TraceSource& trace, const CheckpointSettings& settings,
                                                      const std::function<bool()>& stopped);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_CHECKPOINT_PLAN_H_

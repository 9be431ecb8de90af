#ifndef KVSTATE_HARNESS_RUN_STEADY_STATE_H_
#define KVSTATE_HARNESS_RUN_STEADY_STATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/run/work_directory.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What happens between filling state and measuring, as a suite or the flags ask for it.
struct SteadyStateSettings {
  uint64_t fill_events = 0;  ///< The first so many events of the stream fill state; 0: as many as its source says.
  /// Taken when filling is over, so that what follows runs beside a checkpoint as a job does; none when absent.
  std::optional<SnapshotKind> checkpoint = SnapshotKind::kIncrementalCheckpoint;
  /// Whether an engine's memory is flushed and its compaction awaited before measuring; else what filling owes is
  /// charged to what is measured.
  bool settle = true;
  friend bool operator==(const SteadyStateSettings&, const SteadyStateSettings&) = default;
};

inline constexpr uint64_t kMaxFillEvents = 1'000'000'000'000;

/// "none", or as ParseSnapshotKind.
Result<std::optional<SnapshotKind>> ParseFillCheckpoint(std::string_view name);
/// "none", "incremental", …
std::string_view FillCheckpointName(const std::optional<SnapshotKind>& kind);

/// Brings one filled backend to where measuring begins. Its checkpoint is there until this goes.
class SteadyState {
 public:
  /// `directory` must outlive it.
  SteadyState(const SteadyStateSettings& settings, WorkDirectory* directory, std::function<bool()> stopped)
      : settings_(settings), directory_(*directory), stopped_(std::move(stopped)) {}
  ~SteadyState();
  SteadyState(const SteadyState&) = delete;
  SteadyState& operator=(const SteadyState&) = delete;

  /// Takes the checkpoint, where the backend has Snapshots, and confirms it; then settles.
  Status Reach(KeyedStateBackend& backend);
  /// Waits for flushes and compaction, where the settings say so.
  Status Settle(KeyedStateBackend& backend) const;

 private:
  Status TakeCheckpoint(KeyedStateBackend& backend);

  const SteadyStateSettings settings_;
  WorkDirectory& directory_;
  const std::function<bool()> stopped_;
  std::string path_;
  std::unique_ptr<CheckpointStore> store_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_STEADY_STATE_H_

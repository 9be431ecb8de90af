#include "harness/cli/checkpoint_flags.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "harness/report/atomic_file.h"
#include "harness/run/work_directory.h"

namespace kvstate::cli {

namespace {

Status CheckMost(const char* flag, uint64_t value, uint64_t most) {
  if (value <= most) return Status();
  return InvalidArgumentError(std::string(flag) + ": " + std::to_string(value) + " is not a number from 0 to " +
                              std::to_string(most));
}

Status CheckValues(const CheckpointFlags& flags) {
  KVSTATE_RETURN_IF_ERROR(
      CheckMost("--checkpoint_interval", flags.interval_operations, harness::kMaxCheckpointInterval));
  KVSTATE_RETURN_IF_ERROR(CheckMost("--checkpoint_interval_ms", flags.interval_ms, harness::kMaxCheckpointInterval));
  KVSTATE_RETURN_IF_ERROR(CheckMost("--checkpoint_retained", flags.retained, harness::kMaxCheckpointsRetained));
  if (flags.interval_operations > 0 && flags.interval_ms > 0) {
    return InvalidArgumentError(
        "--checkpoint_interval and --checkpoint_interval_ms: give one of them, operations or time of the trace");
  }
  return Status();
}

/// The first flag given that needs checkpoints to be taken; null when there is none.
const char* FlagThatNeedsCheckpoints(const CheckpointFlags& flags) {
  if (!flags.kind.empty()) return "--checkpoint_kind";
  if (flags.retained > 0) return "--checkpoint_retained";
  return flags.directory.empty() ? nullptr : "--checkpoint_dir";
}

}  // namespace

Status ApplyCheckpointFlags(const CheckpointFlags& flags,
                            const std::vector<std::optional<harness::CheckpointSettings>*>& workloads) {
  KVSTATE_RETURN_IF_ERROR(CheckValues(flags));
  std::optional<SnapshotKind> kind;
  if (!flags.kind.empty()) {
    const Result<SnapshotKind> parsed = harness::ParseSnapshotKind(flags.kind);
    if (!parsed.ok()) return parsed.status().WithContext("--checkpoint_kind");
    kind = *parsed;
  }
  bool any = false;
  for (std::optional<harness::CheckpointSettings>* settings : workloads) {
    if (flags.interval_operations > 0 || flags.interval_ms > 0) {
      if (!settings->has_value()) settings->emplace();
      (*settings)->interval_operations = flags.interval_operations;
      (*settings)->interval_ms = flags.interval_ms;
    }
    if (!settings->has_value()) continue;
    any = true;
    if (kind.has_value()) (*settings)->kind = *kind;
    if (flags.retained > 0) (*settings)->retained = flags.retained;
  }
  const char* flag = FlagThatNeedsCheckpoints(flags);
  if (any || flag == nullptr) return Status();
  return InvalidArgumentError(std::string(flag) +
                              ": nothing that is to run takes checkpoints; give --checkpoint_interval or "
                              "--checkpoint_interval_ms");
}

Status PrepareCheckpointDirectory(const std::string& directory) {
  if (directory.empty()) return Status();
  std::error_code error;
  // Only the last part of the path: that those above are missing is more likely a slip of the pen.
  if (!std::filesystem::exists(directory, error) && !error) std::filesystem::create_directory(directory, error);
  if (error) return harness::SystemError("cannot make directory " + directory, error.value());
  // Made and let go: whatever is wrong with the directory is wrong with this.
  KVSTATE_RETURN_IF_ERROR(harness::WorkDirectory::Create(directory).status());
  const bool empty = std::filesystem::is_empty(directory, error);
  if (error) return harness::SystemError("cannot read " + directory, error.value());
  if (empty) return Status();
  return AlreadyExistsError(directory +
                            " is not empty; give a directory that is, so that no checkpoint of another run "
                            "is mistaken for one of this");
}

}  // namespace kvstate::cli

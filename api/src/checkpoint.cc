#include "kvstate/checkpoint.h"

namespace kvstate {
inline namespace v1 {

std::string_view SnapshotKindName(SnapshotKind kind) {
  switch (kind) {
    case SnapshotKind::kFullCheckpoint:
      return "full";
    case SnapshotKind::kIncrementalCheckpoint:
      return "incremental";
    case SnapshotKind::kSavepoint:
      return "savepoint";
  }
  return "unknown";
}

std::string CheckpointFolder(SnapshotKind kind, uint64_t checkpoint_id) {
  return (kind == SnapshotKind::kSavepoint ? "savepoint-" : "chk-") + std::to_string(checkpoint_id);
}

}  // namespace v1
}  // namespace kvstate

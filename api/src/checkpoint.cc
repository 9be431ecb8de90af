#include "kvstate/checkpoint.h"

#include <set>

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

std::string_view OperatorStateModeName(OperatorStateMode mode) {
  switch (mode) {
    case OperatorStateMode::kSplit:
      return "split";
    case OperatorStateMode::kUnion:
      return "union";
    case OperatorStateMode::kBroadcast:
      return "broadcast";
  }
  return "unknown";
}

std::vector<SnapshotFile> FilesOf(const CheckpointMetadata& metadata) {
  std::vector<SnapshotFile> files;
  std::set<std::string_view> seen;
  const auto add = [&](const auto& handles) {
    for (const auto& handle : handles) {
      for (const SnapshotFile& file : handle.files) {
        if (seen.insert(file.file.path).second) files.push_back(file);
      }
    }
  };
  add(metadata.handles);
  add(metadata.operator_handles);
  add(metadata.raw_keyed_handles);
  add(metadata.raw_operator_handles);
  return files;
}

std::string CheckpointFolder(SnapshotKind kind, uint64_t checkpoint_id) {
  return (kind == SnapshotKind::kSavepoint ? "savepoint-" : "chk-") + std::to_string(checkpoint_id);
}

}  // namespace v1
}  // namespace kvstate

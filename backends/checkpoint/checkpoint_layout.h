#ifndef KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_LAYOUT_H_
#define KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_LAYOUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kvstate/checkpoint.h"

namespace kvstate::backends {

inline constexpr std::string_view kMetadataName = "_metadata";

/// What a path of the layout of a CheckpointStore says of its file.
struct CheckpointPath {
  uint64_t checkpoint_id = 0;  ///< Of the one that wrote it.
  bool shared = false;         ///< Under shared/, else in a folder of its checkpoint's.
  bool is_metadata = false;    ///< The `_metadata` of that checkpoint.
  bool is_savepoint = false;   ///< In a savepoint's folder.
};

/// Nothing for a path that is not of the layout.
std::optional<CheckpointPath> ParseCheckpointPath(std::string_view path);

/// "chk-7/_metadata".
std::string MetadataPath(SnapshotKind kind, uint64_t checkpoint_id);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_CHECKPOINT_LAYOUT_H_

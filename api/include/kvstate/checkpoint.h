#ifndef KVSTATE_CHECKPOINT_H_
#define KVSTATE_CHECKPOINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/key_group.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// The numbers are stored and never change.
enum class SnapshotKind : uint8_t {
  kFullCheckpoint = 1,         ///< Everything is written, in the backend's own format.
  kIncrementalCheckpoint = 2,  ///< What the last confirmed checkpoint lacks; the rest is shared with it.
  kSavepoint = 3,              ///< Everything, in the canonical format, which any backend restores.
};

/// "full", "incremental" or "savepoint".
KVSTATE_EXPORT std::string_view SnapshotKindName(SnapshotKind kind);

/// A complete file in a CheckpointStorage.
struct StoredFile {
  std::string path;
  uint64_t bytes = 0;
  uint64_t checksum = 0;  ///< XXH3-64 of its bytes.
  friend bool operator==(const StoredFile&, const StoredFile&) = default;
};

/// One file that a snapshot consists of.
struct SnapshotFile {
  std::string name;  ///< What its backend knows it by, such as "000012.sst".
  StoredFile file;
  /// Under shared/, where later checkpoints may refer to it too; else it belongs to its checkpoint alone.
  bool shared = false;
  friend bool operator==(const SnapshotFile&, const SnapshotFile&) = default;
};

/// A state as a snapshot has it: its descriptor, as far as bytes can describe one.
struct SavedState {
  std::string name;
  StateKind kind = StateKind::kValue;
  SerializerSnapshot namespace_serializer;
  SerializerSnapshot value_serializer;
  std::optional<SerializerSnapshot> user_key_serializer;  ///< Map alone.
  std::string engine_data;                                ///< What its backend needs to find it; empty in a savepoint.
  friend bool operator==(const SavedState&, const SavedState&) = default;
};

/// KeyedStateHandle::format of the canonical format: a stream of all entries, and streams of changes to be applied in
/// order. Any backend restores it.
inline constexpr std::string_view kStateStreamFormat = "state_stream.1";

/// What a snapshot of one backend has left in storage: all that Restore needs.
struct KeyedStateHandle {
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  /// How the files are to be read: kStateStreamFormat, or one of an engine's own, which its backend alone restores.
  std::string format = std::string(kStateStreamFormat);
  uint64_t checkpoint_id = 0;
  std::string backend;  ///< That took it.
  uint32_t max_parallelism = kDefaultMaxParallelism;
  KeyGroupRange key_groups;
  SerializerSnapshot key_serializer;
  std::vector<SavedState> states;
  std::vector<SnapshotFile> files;  ///< Of a chain of streams in the order in which they are applied.
  friend bool operator==(const KeyedStateHandle&, const KeyedStateHandle&) = default;
};

/// What becomes of an operator state when the parallelism changes. The numbers are stored and never change.
enum class OperatorStateMode : uint8_t {
  kSplit = 1,      ///< A list: each element goes to one subtask.
  kUnion = 2,      ///< A list: every subtask gets the elements of all.
  kBroadcast = 3,  ///< A map that is the same on all subtasks: each gets a whole one.
};

/// "split", "union" or "broadcast".
KVSTATE_EXPORT std::string_view OperatorStateModeName(OperatorStateMode mode);

/// An operator state as a snapshot has it.
struct SavedOperatorState {
  std::string name;
  OperatorStateMode mode = OperatorStateMode::kSplit;
  SerializerSnapshot value_serializer;               ///< Of a list's elements; of a broadcast state's values.
  std::optional<SerializerSnapshot> key_serializer;  ///< Broadcast alone.
  uint64_t entries = 0;                              ///< Elements, or entries of the map, of this subtask.
  friend bool operator==(const SavedOperatorState&, const SavedOperatorState&) = default;
};

/// What a snapshot of one subtask's operator state has left in storage (kvstate/operator_state.h).
struct OperatorStateHandle {
  uint64_t checkpoint_id = 0;
  std::string operator_name;
  uint32_t subtask = 0;
  uint32_t parallelism = 1;
  std::vector<SavedOperatorState> states;
  std::vector<SnapshotFile> files;  ///< One; none when there are no states.
  friend bool operator==(const OperatorStateHandle&, const OperatorStateHandle&) = default;
};

/// The bytes that one subtask of an operator wrote for each of its key groups (kvstate/raw_state_streams.h).
struct RawKeyedStateHandle {
  uint64_t checkpoint_id = 0;
  std::string operator_name;
  uint32_t max_parallelism = kDefaultMaxParallelism;
  KeyGroupRange key_groups;
  uint64_t streams = 0;             ///< Key groups that were written.
  uint64_t bytes = 0;               ///< In all streams.
  std::vector<SnapshotFile> files;  ///< One; none when there are no streams.
  friend bool operator==(const RawKeyedStateHandle&, const RawKeyedStateHandle&) = default;
};

/// The partitions of bytes that one subtask of an operator wrote (kvstate/raw_state_streams.h).
struct RawOperatorStateHandle {
  uint64_t checkpoint_id = 0;
  std::string operator_name;
  uint32_t subtask = 0;
  uint32_t parallelism = 1;
  uint64_t partitions = 0;
  uint64_t bytes = 0;               ///< In all partitions.
  std::vector<SnapshotFile> files;  ///< One; none when there are no partitions.
  friend bool operator==(const RawOperatorStateHandle&, const RawOperatorStateHandle&) = default;
};

/// What `_metadata` holds: one checkpoint or savepoint of all parallel instances.
struct CheckpointMetadata {
  uint64_t checkpoint_id = 0;
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  int64_t timestamp_millis = 0;           ///< When it was completed, by the clock given.
  std::vector<KeyedStateHandle> handles;  ///< Keyed state: one of each instance.
  std::vector<OperatorStateHandle> operator_handles = {};
  std::vector<RawKeyedStateHandle> raw_keyed_handles = {};
  std::vector<RawOperatorStateHandle> raw_operator_handles = {};
  friend bool operator==(const CheckpointMetadata&, const CheckpointMetadata&) = default;
};

/// Every file that it refers to, each path once, in the order of the handles.
KVSTATE_EXPORT std::vector<SnapshotFile> FilesOf(const CheckpointMetadata& metadata);

/// The bytes of a `_metadata` file, version and checksum included: docs/formats.md.
KVSTATE_EXPORT std::string EncodeCheckpointMetadata(const CheckpointMetadata& metadata);
/// DATA_LOSS, saying what is wrong, for bytes that are damaged; UNIMPLEMENTED for a version that this library is too
/// old for.
KVSTATE_EXPORT Result<CheckpointMetadata> DecodeCheckpointMetadata(ByteView bytes);

/// "chk-<id>", or "savepoint-<id>": the folder with `_metadata` and the files that belong to it alone.
KVSTATE_EXPORT std::string CheckpointFolder(SnapshotKind kind, uint64_t checkpoint_id);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_CHECKPOINT_H_

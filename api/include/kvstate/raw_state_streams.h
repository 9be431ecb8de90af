#ifndef KVSTATE_RAW_STATE_STREAMS_H_
#define KVSTATE_RAW_STATE_STREAMS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// Where raw streams are written: state in an operator's own format, of which only its bytes are known.
struct RawStreamTarget {
  std::shared_ptr<CheckpointStorage> storage;
  uint64_t checkpoint_id = 0;
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  std::string operator_name = "operator";  ///< Of several in a job each its own, for ever; 1 to 255 bytes.
};

/// Writes a stream of bytes for each key group of one subtask, during a snapshot. On any one thread at a time. What was
/// written is removed unless Finish succeeded: to destroy a writer is to cancel it. After a failure nothing but
/// destroying it helps.
class KVSTATE_EXPORT RawKeyedStateWriter {
 public:
  /// INVALID_ARGUMENT for a target without storage, or key groups that cannot be.
  static Result<std::unique_ptr<RawKeyedStateWriter>> Create(const RawStreamTarget& target, uint32_t max_parallelism,
                                                             KeyGroupRange key_groups);
  ~RawKeyedStateWriter();
  RawKeyedStateWriter(const RawKeyedStateWriter&) = delete;
  RawKeyedStateWriter& operator=(const RawKeyedStateWriter&) = delete;

  /// What is appended from now on is of `key_group`. INVALID_ARGUMENT outside the range, or unless it is beyond the one
  /// before: each at most once, ascending. A key group that is started has a stream, even of no bytes.
  Status StartKeyGroup(uint32_t key_group);
  /// FAILED_PRECONDITION before the first key group. RESOURCE_EXHAUSTED when the storage is full.
  Status Append(ByteView bytes);
  /// Nothing may be called afterwards.
  Result<RawKeyedStateHandle> Finish();

 private:
  struct Impl;
  explicit RawKeyedStateWriter(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// Writes partitions of bytes of one subtask, which belong to no key; as RawKeyedStateWriter otherwise.
class KVSTATE_EXPORT RawOperatorStateWriter {
 public:
  /// INVALID_ARGUMENT for a target without storage, or a subtask that is not below the parallelism.
  static Result<std::unique_ptr<RawOperatorStateWriter>> Create(const RawStreamTarget& target, uint32_t subtask,
                                                                uint32_t parallelism);
  ~RawOperatorStateWriter();
  RawOperatorStateWriter(const RawOperatorStateWriter&) = delete;
  RawOperatorStateWriter& operator=(const RawOperatorStateWriter&) = delete;

  /// What is appended from now on is of another partition, which is moved as one when the parallelism changes.
  Status StartPartition();
  Status Append(ByteView bytes);
  Result<RawOperatorStateHandle> Finish();

 private:
  struct Impl;
  explicit RawOperatorStateWriter(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// Gives streams one after another, each in pieces. Bytes are verified before they are given, piece by piece:
/// DATA_LOSS, naming the file, when it is missing or damaged there. Not thread-safe.
class KVSTATE_EXPORT RawStreamReader {
 public:
  virtual ~RawStreamReader();
  /// Goes to the next stream, whatever was read of this one; false when there is none. `id` becomes its key group, or
  /// the number of the partition among those that this subtask gets, from 0.
  virtual Result<bool> NextStream(uint64_t* id) = 0;
  /// The next piece of the stream, valid until the next call; false at its end.
  virtual Result<bool> ReadPiece(ByteView* piece) = 0;
  /// All pieces that are left of the stream.
  virtual Result<std::string> ReadAll() = 0;
};

/// The streams of the key groups in `range`, ascending, that were written, whatever the ranges were then. `handles` are
/// those of a whole checkpoint; other operators' are passed over. INVALID_ARGUMENT when a key group of the range is in
/// none of this operator's or in several, or when they have another max parallelism.
KVSTATE_EXPORT Result<std::unique_ptr<RawStreamReader>> OpenRawKeyedState(std::shared_ptr<CheckpointStorage> storage,
                                                                          std::span<const RawKeyedStateHandle> handles,
                                                                          std::string_view operator_name,
                                                                          uint32_t max_parallelism,
                                                                          KeyGroupRange range);

/// The partitions that `subtask` of `parallelism` gets: its own when the parallelism is what it was, else its share of
/// all of them, in order, as elements of a kSplit list are shared (kvstate/operator_state.h). INVALID_ARGUMENT when
/// there is no handle of this operator, or not one of each of its subtasks.
KVSTATE_EXPORT Result<std::unique_ptr<RawStreamReader>> OpenRawOperatorState(
    std::shared_ptr<CheckpointStorage> storage, std::span<const RawOperatorStateHandle> handles,
    std::string_view operator_name, uint32_t subtask, uint32_t parallelism);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_RAW_STATE_STREAMS_H_

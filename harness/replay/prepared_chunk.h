#ifndef KVSTATE_HARNESS_REPLAY_PREPARED_CHUNK_H_
#define KVSTATE_HARNESS_REPLAY_PREPARED_CHUNK_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/keyed_state_backend.h"

namespace kvstate::harness {

/// An operation with all it needs at hand: its operands are live objects, its key is hashed.
struct PreparedOperation {
  Operation operation = Operation::kGet;
  bool sets_key = false;
  bool sets_namespace = false;
  bool reads_keys = false;
  bool reads_values = false;
  bool moves_clock = false;  ///< To clock_ms.
  uint32_t state = 0;
  uint32_t iterator = 0;
  uint64_t count = 0;
  int64_t clock_ms = 0;  ///< The virtual clock: the latest time of the trace until then.
  EncodedKey key;
  ByteView state_namespace;
  const void* user_key = nullptr;
  const void* value = nullptr;  ///< Null for a null value.
  ByteView target;              ///< Merge: the target namespace; keys: the namespace walked; a timer: its key.
  ByteView timer_namespace;
  int64_t timestamp = 0;              ///< Of a timer.
  std::span<const ByteView> sources;  ///< Merge.
};

/// Objects of one type, made once and used again for chunk after chunk.
class ObjectPool {
 public:
  explicit ObjectPool(SerializerPtr serializer) : serializer_(std::move(serializer)) {}
  const TypeSerializer* serializer() const { return serializer_.get(); }
  /// A live object with the value that `bytes` encode, whole. Lives until the pool goes; keeps its value until Reset.
  Result<const void*> Decode(ByteView bytes);
  void Reset() { used_ = 0; }

 private:
  const SerializerPtr serializer_;
  std::vector<TypedObject> objects_;
  size_t used_ = 0;
};

/// Decodes operations a chunk at a time, outside what is timed: a job has its objects already when it accesses state,
/// so a backend of objects must get objects, and one of bytes must be seen to serialize them.
class ChunkPreparer {
 public:
  explicit ChunkPreparer(SerializerPtr key_serializer) : key_serializer_(std::move(key_serializer)) {}

  /// The result and what it points to live until the next call. DATA_LOSS when an operand does not decode.
  Result<std::span<const PreparedOperation>> Prepare(const std::vector<TraceOperation>& operations,
                                                     const std::vector<TraceState>& states);

 private:
  struct PoolsOfState {
    ObjectPool* value = nullptr;
    ObjectPool* user_key = nullptr;
    ObjectPool* input = nullptr;  ///< What Add takes.
  };

  ObjectPool* PoolOf(const SerializerPtr& serializer);
  void AddPools(const TraceState& state);
  Status PrepareOne(const TraceOperation& from, const std::vector<TraceState>& states, PreparedOperation* to);
  Status PrepareOperands(const TraceOperation& from, PreparedOperation* to);
  Status PrepareMerge(const TraceOperation& from, PreparedOperation* to);

  const SerializerPtr key_serializer_;
  std::vector<std::unique_ptr<ObjectPool>> pools_;
  std::vector<PoolsOfState> of_state_;
  std::vector<PreparedOperation> prepared_;
  int64_t clock_ms_ = INT64_MIN;
  std::vector<std::unique_ptr<std::vector<ByteView>>> sources_;
  size_t sources_used_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_PREPARED_CHUNK_H_

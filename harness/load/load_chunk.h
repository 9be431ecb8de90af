#ifndef KVSTATE_HARNESS_LOAD_LOAD_CHUNK_H_
#define KVSTATE_HARNESS_LOAD_LOAD_CHUNK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/replay/prepared_chunk.h"
#include "harness/replay/trace.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Operations of one instance, with their operands and intended starts: filled by one thread, then run by another.
class LoadChunk {
 public:
  static constexpr size_t kMostOperations = 256;
  static constexpr size_t kMostBytes = 262'144;  ///< Unless one operation has more.

  explicit LoadChunk(SerializerPtr key_serializer) : preparer_(std::move(key_serializer)) {}

  /// Copies what the views hold.
  void Append(const TraceOperation& operation, uint64_t due_ticks);
  bool full() const { return operations_.size() >= kMostOperations || bytes_.size() >= kMostBytes; }
  bool empty() const { return operations_.empty(); }
  /// Makes the operands. `states`: of the trace; copied where `known` of them are fewer.
  Status Prepare(const std::vector<TraceState>& states, size_t known);
  void Clear();

  /// Of a prepared chunk; valid until Clear.
  std::span<const PreparedOperation> prepared() const { return prepared_; }
  std::span<const uint64_t> due() const { return due_; }
  /// All of the trace's, where some are new; else empty.
  const std::vector<TraceState>& states() const { return states_; }

 private:
  /// Where the views of an operation are among the bytes, which move while they grow.
  struct Places {
    size_t key = 0;
    size_t state_namespace = 0;
    size_t user_key = 0;
    size_t value = 0;
  };
  size_t Keep(ByteView bytes);

  ChunkPreparer preparer_;
  std::vector<TraceOperation> operations_;
  std::vector<Places> places_;
  std::vector<uint64_t> due_;
  std::string bytes_;
  std::vector<TraceState> states_;
  std::span<const PreparedOperation> prepared_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_LOAD_CHUNK_H_

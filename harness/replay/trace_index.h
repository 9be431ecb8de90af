#ifndef KVSTATE_HARNESS_REPLAY_TRACE_INDEX_H_
#define KVSTATE_HARNESS_REPLAY_TRACE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Where the blocks of a trace file are, and what operations and times they begin with, so that reading can start
/// anywhere. 32 bytes of memory a block.
class TraceIndex {
 public:
  struct Block {
    uint64_t offset = 0;
    uint64_t first_operation = 0;  ///< From 0: how many come before it.
    /// The latest time of the trace up to the block's first operation. Never goes back, as event time may.
    int64_t clock_ms = 0;
    bool holds_operations = false;  ///< Else a state.
  };

  /// `first_offset`: of the block after the header.
  explicit TraceIndex(uint64_t first_offset) : end_(first_offset) {}

  /// The next block of the file, a state's.
  void AddState(uint64_t bytes);
  void AddOperations(uint64_t bytes, uint64_t operations, int64_t clock_ms);

  void Encode(ByteWriter& out) const;
  /// DATA_LOSS unless the bytes are an index of blocks that end at `end_offset` and hold what `totals` says.
  static Result<TraceIndex> Decode(ByteView bytes, uint64_t first_offset, uint64_t end_offset,
                                   const TraceTotals& totals);

  /// In the file's order, from the one after the header, whose number is 1.
  const std::vector<Block>& blocks() const { return blocks_; }
  /// Index of the block that holds the operation; blocks().size() when it is beyond the end.
  size_t BlockOfOperation(uint64_t operation) const;
  /// Index of the block in which the first operation is found at which the trace's clock is at `ms` or later. Where
  /// there is none that late, of the last block.
  size_t BlockOfTime(int64_t ms) const;

 private:
  void Add(uint64_t bytes, bool holds_operations);

  std::vector<Block> blocks_;
  uint64_t end_;  ///< Offset of the next block.
  uint64_t operations_ = 0;
  int64_t clock_ms_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_TRACE_INDEX_H_

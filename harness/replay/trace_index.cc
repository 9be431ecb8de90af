#include "harness/replay/trace_index.h"

#include <algorithm>
#include <string>

#include "harness/replay/trace_layout.h"

namespace kvstate::harness {

void TraceIndex::Add(uint64_t bytes, bool holds_operations) {
  blocks_.push_back({end_, operations_, clock_ms_, holds_operations});
  end_ += bytes;
}

void TraceIndex::AddState(uint64_t bytes) { Add(bytes, false); }

void TraceIndex::AddOperations(uint64_t bytes, uint64_t operations, int64_t clock_ms) {
  clock_ms_ = clock_ms;
  Add(bytes, true);
  operations_ += operations;
}

void TraceIndex::Encode(ByteWriter& out) const {
  out.PutVarint(blocks_.size());
  int64_t clock_ms = 0;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    const bool is_last = i + 1 == blocks_.size();
    const uint64_t bytes = (is_last ? end_ : blocks_[i + 1].offset) - block.offset;
    out.PutVarint((bytes << 1) | (block.holds_operations ? 1 : 0));
    if (!block.holds_operations) continue;
    out.PutVarint((is_last ? operations_ : blocks_[i + 1].first_operation) - block.first_operation);
    out.PutVarint(
        ZigZag(static_cast<int64_t>(static_cast<uint64_t>(block.clock_ms) - static_cast<uint64_t>(clock_ms))));
    clock_ms = block.clock_ms;
  }
}

Result<TraceIndex> TraceIndex::Decode(ByteView bytes, uint64_t first_offset, uint64_t end_offset,
                                      const TraceTotals& totals) {
  ByteReader in(bytes);
  TraceIndex index(first_offset);
  uint64_t count = 0;
  if (!in.ReadVarint(&count) || count != totals.states + totals.blocks) return in.Malformed("number of blocks");
  uint64_t states = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length = 0;
    if (!in.ReadVarint(&length) || (length >> 1) <= kBlockHeadBytes || (length >> 1) > end_offset - index.end_) {
      return in.Malformed("length of a block");
    }
    if ((length & 1) == 0) {
      ++states;
      index.AddState(length >> 1);
      continue;
    }
    uint64_t operations = 0;
    uint64_t delta = 0;
    if (!in.ReadVarint(&operations) || operations == 0 || operations > kBlockOperations) {
      return in.Malformed("operations of a block");
    }
    if (!in.ReadVarint(&delta)) return in.Malformed("time of a block");
    const auto clock =
        static_cast<int64_t>(static_cast<uint64_t>(index.clock_ms_) + static_cast<uint64_t>(UnZigZag(delta)));
    if (index.operations_ > 0 && clock < index.clock_ms_) return in.Malformed("time of a block");
    index.AddOperations(length >> 1, operations, clock);
  }
  if (!in.AtEnd()) return in.Malformed("end of the index");
  if (index.end_ != end_offset || index.operations_ != totals.operations || states != totals.states) {
    return DataLossError("the index is of other blocks: of " + std::to_string(index.operations_) +
                         " operations, where the footer counts " + std::to_string(totals.operations));
  }
  return index;
}

size_t TraceIndex::BlockOfOperation(uint64_t operation) const {
  if (operation >= operations_) return blocks_.size();
  // The last that begins at or before it: states begin where the block of operations after them does.
  const auto after = std::upper_bound(blocks_.begin(), blocks_.end(), operation,
                                      [](uint64_t n, const Block& block) { return n < block.first_operation; });
  return static_cast<size_t>(after - blocks_.begin()) - 1;
}

size_t TraceIndex::BlockOfTime(int64_t ms) const {
  size_t found = 0;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (!blocks_[i].holds_operations) continue;
    if (blocks_[i].first_operation > 0 && blocks_[i].clock_ms >= ms) break;
    found = i;
  }
  return found;
}

}  // namespace kvstate::harness

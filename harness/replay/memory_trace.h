#ifndef KVSTATE_HARNESS_REPLAY_MEMORY_TRACE_H_
#define KVSTATE_HARNESS_REPLAY_MEMORY_TRACE_H_

#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "harness/replay/trace_block.h"

namespace kvstate::harness {

/// A trace in memory: written once, then read any number of times. States keep the serializers and functions they were
/// recorded with. Not thread-safe.
class MemoryTrace final : public TraceSink, public TraceSource {
 public:
  Status Begin(const TraceHeader& header) override;
  Status AddState(const TraceState& state) override;
  Status Append(const TraceOperation& operation) override;
  Status EndFill() override { return MarkEndOfFill(&totals_); }
  Status Finish() override;

  const TraceHeader& header() const override { return header_; }
  const std::vector<TraceState>& states() const override { return states_; }
  Result<const std::vector<TraceOperation>*> NextChunk() override;
  Status Rewind() override;
  uint64_t operations() const override { return totals_.operations; }
  uint64_t fill_operations() const override { return totals_.fill_operations; }
  std::string_view name() const override { return "memory"; }

  const TraceTotals& totals() const { return totals_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void KeepBlock();

  TraceHeader header_;
  std::vector<TraceState> states_;
  BlockEncoder encoder_;
  std::vector<std::string> blocks_;
  uint64_t bytes_ = 0;
  TraceTotals totals_;
  size_t next_block_ = 0;
  std::vector<TraceOperation> operations_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_MEMORY_TRACE_H_

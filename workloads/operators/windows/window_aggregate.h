#ifndef KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_AGGREGATE_H_
#define KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_AGGREGATE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/namespaces.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// What a window operator keeps of the events of each window, and what it makes of them when the window fires: one
/// state of the name "window" whose namespace is the window. All is of the backend's current key.
class WindowAggregate {
 public:
  virtual ~WindowAggregate() = default;
  /// Makes the state. Once, before anything else.
  virtual Status Open(KeyedStateBackend& backend) = 0;
  virtual Status Add(const TimeWindow& window, const Event& event) = 0;
  virtual Status Clear(const TimeWindow& window) = 0;
  /// Moves what `sources` hold to `target`. UNIMPLEMENTED where the state cannot merge.
  virtual Status Merge(const TimeWindow& target, const std::vector<TimeWindow>& sources) = 0;

  /// A result is drawn from one window, or from the panes of one: BeginResult, Gather for each, PutResult.
  virtual void BeginResult() = 0;
  /// Whether there is anything.
  virtual Result<bool> Gather(const TimeWindow& window) = 0;
  /// Appends the result to a row. REQUIRES: a Gather gave true.
  virtual void PutResult(ByteWriter& row) = 0;
};

/// Sum of the measures in a reducing state. The result: the sum (int64).
std::unique_ptr<WindowAggregate> MakeReducingAggregate();
/// Their mean in an aggregating state whose accumulator is sum and count. The result: the mean (double). `of_panes`:
/// gathers accumulators, to combine them, in place of a result.
std::unique_ptr<WindowAggregate> MakeAggregatingAggregate(bool of_panes);
/// The sum in a value state, read and written by the operator: what a runtime does whose aggregation is no state of its
/// own. Does not merge.
std::unique_ptr<WindowAggregate> MakeValueAggregate();
/// Every event, measure and payload, in a list state. The result: their number (int64) and the measure at the
/// percentile (int64), which is the least that so many percent of them do not exceed.
std::unique_ptr<WindowAggregate> MakeListAggregate(uint64_t percentile);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_AGGREGATE_H_

#ifndef KVSTATE_WORKLOADS_OPERATORS_NEXMARK_NEXMARK_QUERY_H_
#define KVSTATE_WORKLOADS_OPERATORS_NEXMARK_NEXMARK_QUERY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/namespaces.h"
#include "workloads/operators/event_time_operator.h"
#include "workloads/operators/operator_support.h"
#include "workloads/sources/nexmark_events.h"

namespace kvstate::workloads {

/// Nexmark's events, told apart and decoded. What a query does not override it ignores.
class NexmarkInput {
 protected:
  ~NexmarkInput() = default;
  /// DATA_LOSS when the value is not one of its kind; INVALID_ARGUMENT for a stream that there is not.
  Status Take(const Event& event);

  virtual Status OnPerson(const Person& /*person*/) { return Status(); }
  virtual Status OnAuction(const Auction& /*auction*/) { return Status(); }
  virtual Status OnBid(const Bid& /*bid*/) { return Status(); }

 private:
  Person person_;
  Auction auction_;
  Bid bid_;
};

/// A query whose rows follow at once from its events.
class ContinuousQuery : public OperatorBase, protected NexmarkInput {
 public:
  Status Process(const Event& event) final { return Take(event); }
  Status Finish() final { return Status(); }
};

/// A query with event-time timers.
class EventTimeQuery : public EventTimeOperator, protected NexmarkInput {
 public:
  using EventTimeOperator::EventTimeOperator;

 protected:
  Status ProcessInTime(const Event& event) final { return Take(event); }
  bool IsLate(int64_t time_ms) const { return time_ms <= watermark_ms(); }
};

/// The window [n·length, (n+1)·length) that has `time_ms`.
TimeWindow TumblingWindowOf(int64_t time_ms, int64_t length_ms);

/// Parameters of a query with event-time timers: the watermark is 4 seconds behind, as in the benchmark.
std::vector<ParameterSpec> EventTimeQueryParameters(std::vector<ParameterSpec> own);

/// The workload of a query; see SetOperator.
WorkloadSpec MakeNexmarkQuery(std::string name, std::string description, std::vector<ParameterSpec> operator_parameters,
                              std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_NEXMARK_NEXMARK_QUERY_H_

#ifndef KVSTATE_WORKLOADS_OPERATORS_JOINS_JOIN_WORKLOAD_H_
#define KVSTATE_WORKLOADS_OPERATORS_JOINS_JOIN_WORKLOAD_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workloads/operators/event_time_operator.h"
#include "workloads/operators/operator_support.h"
#include "workloads/sources/two_sided_source.h"

namespace kvstate::workloads {

/// INVALID_ARGUMENT unless the event is of one of a join's two sides; `retractions`: or takes a row of one back.
Status CheckJoinStream(const Event& event, bool retractions);

/// What a join's source has beside the parameters of the synthetic one.
struct JoinSource {
  Parameters defaults;
  bool fills_right = false;
  bool retracts = false;  ///< It has parameters for that.
};

/// A workload whose source is a two-sided one. `make_operator`: see SetOperator.
WorkloadSpec MakeJoinWorkload(std::string name, std::string description, const JoinSource& source,
                              std::vector<ParameterSpec> operator_parameters,
                              std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_JOINS_JOIN_WORKLOAD_H_

#include "workloads/operators/state_micro/state_micro.h"

#include <utility>

namespace kvstate::workloads {

WorkloadSpec MakeStateMicroWorkload(std::string name, std::string description,
                                    std::vector<ParameterSpec> operator_parameters,
                                    std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator) {
  WorkloadSpec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.takes_any_events = false;
  spec.source_parameters = StateMicroSourceParameters();
  spec.make_source = [workload = spec.name, specs = spec.source_parameters](const Parameters& parameters,
                                                                            uint64_t seed) {
    return MakeStateMicroSource(workload, specs, parameters, seed);
  };
  SetOperator(&spec, std::move(operator_parameters), std::move(make_operator));
  return spec;
}

}  // namespace kvstate::workloads

#ifndef KVSTATE_WORKLOADS_SOURCES_SYNTHETIC_SOURCE_H_
#define KVSTATE_WORKLOADS_SOURCES_SYNTHETIC_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// The parameters that MakeSyntheticSource takes, with `defaults` in place of the general default values.
std::vector<ParameterSpec> SyntheticSourceParameters(const Parameters& defaults);

/// A seeded stream of events whose keys are drawn from a distribution and whose event time advances at a steady rate.
/// Times, keys and payloads are drawn from three independent streams of random numbers, so that a change of value_bytes
/// changes no key. `specs` comes from SyntheticSourceParameters; `workload` is for messages.
Result<std::unique_ptr<EventSource>> MakeSyntheticSource(std::string_view workload,
                                                         const std::vector<ParameterSpec>& specs,
                                                         const Parameters& parameters, uint64_t seed);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_SYNTHETIC_SOURCE_H_

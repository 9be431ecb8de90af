#ifndef KVSTATE_WORKLOADS_SOURCES_NEXMARK_SOURCE_H_
#define KVSTATE_WORKLOADS_SOURCES_NEXMARK_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// The parameters of MakeNexmarkSource; the defaults are the benchmark's.
std::vector<ParameterSpec> NexmarkSourceParameters();

/// Nexmark's persons, auctions and bids, 1 : 3 : 46, as nexmark_events.h encodes them. What an event holds follows from
/// its number and the seed alone. `workload` is for messages.
Result<std::unique_ptr<EventSource>> MakeNexmarkSource(std::string_view workload,
                                                       const std::vector<ParameterSpec>& specs,
                                                       const Parameters& parameters, uint64_t seed);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_NEXMARK_SOURCE_H_

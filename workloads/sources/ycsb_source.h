#ifndef KVSTATE_WORKLOADS_SOURCES_YCSB_SOURCE_H_
#define KVSTATE_WORKLOADS_SOURCES_YCSB_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// The parameters that MakeYcsbSource takes, with `defaults` in place of the general default values. `scans`: with
/// those of scans, too.
std::vector<ParameterSpec> YcsbSourceParameters(bool scans, const Parameters& defaults);

/// YCSB's CoreWorkload as a stream: first each record is inserted, which fills, then come operations, a millisecond
/// after one another. Where the specs have those of scans, records are in groups, and an event's key is a group's.
Result<std::unique_ptr<EventSource>> MakeYcsbSource(std::string_view workload, const std::vector<ParameterSpec>& specs,
                                                    const Parameters& parameters, uint64_t seed);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_YCSB_SOURCE_H_

#ifndef KVSTATE_HARNESS_PROBES_PROCESS_MEMORY_H_
#define KVSTATE_HARNESS_PROBES_PROCESS_MEMORY_H_

#include <cstdint>
#include <optional>

namespace kvstate::harness {

/// Memory of this process that is in RAM, bytes, after the allocator has given back what is free. Absent where the
/// system does not tell.
std::optional<uint64_t> ResidentBytes();

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_PROCESS_MEMORY_H_

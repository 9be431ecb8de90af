#ifndef KVSTATE_TESTS_UNIT_HARNESS_MIXED_TRACE_H_
#define KVSTATE_TESTS_UNIT_HARNESS_MIXED_TRACE_H_

#include <cstdint>

#include "harness/replay/memory_trace.h"
#include "harness/run/work_directory.h"
#include "kvstate/backend_registry.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Records `rounds` rounds of a job over 64-bit keys that accesses every kind of state, with namespaces that are kept
/// from key to key, iterators that stay open while the key changes, timers that fire, walks over all keys, a state that
/// is removed, and time that passes while some values expire. The first `fill_rounds` fill state. REQUIRES: the
/// registry has the built-in backends.
Status RecordMixedTrace(const BackendRegistry& registry, WorkDirectory& directory, int64_t rounds, MemoryTrace* trace,
                        int64_t fill_rounds = 0);

}  // namespace kvstate::harness

#endif  // KVSTATE_TESTS_UNIT_HARNESS_MIXED_TRACE_H_

#ifndef KVSTATE_WORKLOADS_OPERATORS_EVENT_MEASURE_H_
#define KVSTATE_WORKLOADS_OPERATORS_EVENT_MEASURE_H_

#include <cstdint>

#include "workloads/output_digest.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// The number that an event reports, 0 to 9,999, for operators that compute with one: it follows from a hash of the
/// event, as payloads are no numbers.
inline int64_t MeasureOf(const Event& event) {
  return static_cast<int64_t>(HashEvent(event.time_ms, event.key, event.value) % 10'000);
}

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_EVENT_MEASURE_H_

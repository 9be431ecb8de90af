#ifndef KVSTATE_WORKLOADS_SOURCES_TWO_SIDED_SOURCE_H_
#define KVSTATE_WORKLOADS_SOURCES_TWO_SIDED_SOURCE_H_

#include <cstdint>
#include <memory>

#include "workloads/workload.h"

namespace kvstate::workloads {

/// Event.stream of what a join takes: rows of its two sides, and retractions, each of which takes back one row of the
/// same key and payload.
enum JoinStream : uint32_t { kLeftRows = 0, kRightRows = 1, kLeftRetractions = 2, kRightRetractions = 3 };

struct TwoSidedOptions {
  uint64_t right_events = 0;  ///< The first so many are all of the right side.
  // Of the events after them:
  double right_share = 0.5;
  double retract_share = 0;       ///< As soon as there is a row to take back.
  uint64_t retractable_rows = 1;  ///< So many may still be taken back; with more of them some are there for good.
};

/// The events of `rows` as rows of two sides, all with keys of the one distribution. A retraction stands in the place
/// of an event and has its time; which row it takes back is drawn among those that may be. REQUIRES: shares from 0 to
/// 1; retractable_rows > 0.
std::unique_ptr<EventSource> MakeTwoSidedSource(std::unique_ptr<EventSource> rows, const TwoSidedOptions& options,
                                                uint64_t seed);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_TWO_SIDED_SOURCE_H_

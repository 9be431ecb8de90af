#ifndef KVSTATE_TESTS_UNIT_WORKLOADS_JOIN_REFERENCE_H_
#define KVSTATE_TESTS_UNIT_WORKLOADS_JOIN_REFERENCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"

namespace kvstate::workloads {

struct JoinReferenceOptions {
  int64_t bound_ms = 0;
  int64_t interval_ms = 0;
  // Of windows.
  int64_t length_ms = 0;
  int64_t slide_ms = 0;
  // Of an interval join.
  int64_t lower_ms = 0;
  int64_t upper_ms = 0;
  // Of a continuous and a temporal join.
  bool left_is_outer = false;
  bool right_is_outer = false;
};

struct JoinRows {
  std::vector<std::string> rows;  ///< With the number of late events as the last, if there are any.
  int64_t pairs = 0;
  int64_t late = 0;
  int64_t lost = 0;  ///< Pairs that would be joined, had the earlier one not been cleaned up.
};

/// Each join by looking through all events that came, again and again.
JoinRows WindowJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options);
JoinRows IntervalJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options);
JoinRows TemporalJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options);
JoinRows ContinuousJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options);

}  // namespace kvstate::workloads

#endif  // KVSTATE_TESTS_UNIT_WORKLOADS_JOIN_REFERENCE_H_

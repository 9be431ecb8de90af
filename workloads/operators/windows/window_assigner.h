#ifndef KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_ASSIGNER_H_
#define KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_ASSIGNER_H_

#include <cstdint>

#include "kvstate/namespaces.h"

namespace kvstate::workloads {

/// Windows of one length that begin a slide apart, one of them at 0. Tumbling windows slide by their length.
struct WindowAssigner {
  int64_t length_ms = 1;
  int64_t slide_ms = 1;  ///< At most the length.

  /// Start of the last window that `time_ms` lies in.
  int64_t LastStart(int64_t time_ms) const {
    const int64_t rest = time_ms % slide_ms;
    return time_ms - (rest < 0 ? rest + slide_ms : rest);
  }
  TimeWindow WindowAt(int64_t start_ms) const { return {start_ms, start_ms + length_ms}; }
  /// What lies in the same windows: of `slide_ms`, which divides the length.
  TimeWindow PaneOf(int64_t time_ms) const {
    const int64_t start_ms = LastStart(time_ms);
    return {start_ms, start_ms + slide_ms};
  }
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_ASSIGNER_H_

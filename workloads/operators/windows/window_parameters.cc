#include "workloads/operators/windows/window_parameters.h"

#include "workloads/operators/event_time.h"

namespace kvstate::workloads {
namespace {

/// An event lies in no more windows, and a window has no more panes.
constexpr int64_t kMaxWindowsPerEvent = 10'000;

}  // namespace

ParameterSpec WindowParameter() { return {"window_ms", "10000", "Length of a window in milliseconds, 1 to 2^50"}; }

ParameterSpec SlideParameter() {
  return {"slide_ms", "2000",
          "Milliseconds from one window's start to the next one's, at most window_ms, at least a "
          "10,000th of it"};
}

WindowAssigner ReadTumbling(ParameterReader& reader) {
  const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
  return {window_ms, window_ms};
}

WindowAssigner ReadSliding(ParameterReader& reader) {
  const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
  const int64_t slide_ms = reader.Integer("slide_ms", 1, kMaxDurationMs);
  if (slide_ms > window_ms || window_ms / slide_ms > kMaxWindowsPerEvent) {
    reader.Refuse("slide_ms", "at most window_ms, and at least a 10,000th of it");
  }
  return {window_ms, slide_ms};
}

}  // namespace kvstate::workloads

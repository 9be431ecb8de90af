#ifndef KVSTATE_HARNESS_LOAD_LOAD_RUN_H_
#define KVSTATE_HARNESS_LOAD_LOAD_RUN_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/load/load_settings.h"
#include "harness/probes/histogram.h"
#include "harness/probes/tick_clock.h"
#include "harness/replay/replayer.h"
#include "harness/replay/trace.h"
#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// One parallel instance. Not owned.
struct LoadTarget {
  KeyedStateBackend* backend = nullptr;  ///< Over the key groups of its subtask.
  ManualClock* clock = nullptr;          ///< The backend's alone; null for the system's.
};

struct LoadRunOptions {
  PaceSettings pace;
  /// As many as there are instances, at least one; in the order of their key groups.
  std::vector<LoadTarget> targets;
  /// Of TraceSplitter; null with one target.
  KeyedStateBackend* timers = nullptr;
  /// Of all that is measured.
  const TickClock* clock = nullptr;
  /// Asked each few milliseconds by the calling thread; once true the run ends with CANCELLED.
  std::function<bool()> stopped = [] { return false; };
  /// Called as often, with the operations of the trace that were fed so far.
  std::function<void(uint64_t)> progress = [](uint64_t) {};
  /// Called once what fills state is done, where the trace says that some of it does.
  std::function<Status()> filled = [] { return Status(); };
  /// The run begins so late: its first operations have been due for that long.
  double behind_ns = 0;
  /// Not 0: the run is given up once more than `over_most` operations have a longer response time.
  double response_limit_ns = 0;
  uint64_t over_most = UINT64_MAX;
};

/// What one instance did.
struct InstanceResult {
  uint64_t operations = 0;
  double busy_ns = 0;  ///< Within operations.
};

/// What became of a trace. Times in ticks where they are histograms.
struct LoadResult {
  bool paced = false;     ///< What is said to be of pace alone is 0 otherwise.
  bool given_up = false;  ///< Then what follows is of the operations until then.
  uint64_t operations = 0;
  uint64_t of_trace = 0;  ///< Operations of the trace: fewer, where some are for all instances.
  uint64_t hits = 0;
  double cpu_ns = 0;      ///< Of the process, less feeding and waiting.
  Latencies latencies;    ///< Of operations alone.
  Histogram responses;    ///< Of pace: from the intended start.
  Histogram wake_delays;  ///< Of pace: of operations that were waited for.
  uint64_t late = 0;      ///< Of pace.
  uint64_t fed_late = 0;  ///< Of pace: that were due before they were prepared, while their instance had nothing to do.
  uint64_t over_limit = 0;
  uint64_t backlog = 0;    ///< Of pace: the largest of an instance.
  double offered_ns = 0;   ///< Of pace: from the first intended start to the last.
  double achieved_ns = 0;  ///< Of pace: from the first intended start to the end of the last operation.
  std::vector<InstanceResult> instances;

  double busy_ns() const;          ///< Of all instances.
  double longest_busy_ns() const;  ///< Of the slowest one.
  /// How far behind the end is, where another operation were due `gap_ns` after the last.
  double behind_ns(double gap_ns) const;
  /// Adds what a run gave that went on from this one, `gap_ns` after its last operation was due.
  void Append(const LoadResult& other, double gap_ns);
};

/// Does on the targets what the trace says, each instance on a thread of its own with its part of the operations
/// (TraceSplitter), all started together. The calling thread reads the trace and makes operands:
///
/// - with a pace, while the instances run, up to some 65,536 operations ahead;
/// - in the closed loop, in rounds: as many as are kept ahead, then all instances do theirs.
///
/// What fills state (TraceSource::fill_operations) is done first, without a pace, and is in no figure. The clocks stand
/// at the trace's latest time afterwards.
Result<LoadResult> RunLoad(TraceSource& trace, const LoadRunOptions& options);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_LOAD_RUN_H_

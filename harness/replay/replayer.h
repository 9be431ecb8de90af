#ifndef KVSTATE_HARNESS_REPLAY_REPLAYER_H_
#define KVSTATE_HARNESS_REPLAY_REPLAYER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "harness/probes/histogram.h"
#include "harness/probes/serialization_probe.h"
#include "harness/replay/digest.h"
#include "harness/replay/replay_hook.h"
#include "harness/replay/trace.h"
#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Ticks each operation took, by kind of operation.
using Latencies = std::array<Histogram, kOperationLimit>;

struct ReplayOptions {
  /// Hashes every result of a read, in order, so that backends can be compared by what they answered. Not for timing.
  bool verify_reads = false;
  /// Not null: records how long each operation took.
  Latencies* latencies = nullptr;
  /// Not null: its counting serializers go into the states.
  SerializationProbe* serialization = nullptr;
  /// Not null: called between operations.
  ReplayHook* hook = nullptr;
  /// Not null: the backend's clock, which is moved to the latest time of the trace before each operation, and stands
  /// at the last one afterwards.
  ManualClock* clock = nullptr;
  /// Called once what the trace fills state with is done, and nothing is counted until it returns: what is in the
  /// result and in `latencies` is of the operations after it. Not called where the trace marks no end of filling.
  std::function<Status(const ReplayMoment& moment)> filled = [](const ReplayMoment&) { return Status(); };
  /// Asked between chunks; once true the replay ends with CANCELLED.
  std::function<bool()> stopped = [] { return false; };
};

/// Of the operations that are to be measured; with ReplayOptions::verify_reads the digest is of all.
struct ReplayResult {
  uint64_t operations = 0;
  uint64_t hits = 0;     ///< Reads that found something, entries and keys that walks gave.
  uint64_t time_ns = 0;  ///< Of the operations alone: preparing operands is not in it.
  uint64_t cpu_ns = 0;   ///< Processor time of the process, an engine's threads included, less that of preparing.
  Digest read_digest;    ///< With verify_reads.
  uint64_t fill_operations = 0;
  uint64_t fill_time_ns = 0;  ///< As time_ns, of what fills.
};

/// Does on `backend` what the trace, from its start, says: no operator in the way. The current key, namespaces and
/// states of the backend are the trace's afterwards.
Result<ReplayResult> Replay(TraceSource& trace, KeyedStateBackend& backend, const ReplayOptions& options);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_REPLAYER_H_

#ifndef KVSTATE_HARNESS_RUN_RECORD_WORKLOAD_H_
#define KVSTATE_HARNESS_RUN_RECORD_WORKLOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "harness/replay/digest.h"
#include "harness/replay/trace.h"
#include "harness/run/suite.h"
#include "harness/run/work_directory.h"
#include "kvstate/backend_registry.h"
#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::harness {

/// The backend that workloads are recorded on.
inline constexpr std::string_view kRecordingBackend = "hashmap";

/// What an operator did while its accesses were recorded.
struct RecordedStream {
  uint64_t events = 0;
  uint64_t output_rows = 0;
  uint64_t output_digest = 0;
  StateDigest state;  ///< At the end of the stream, as the operator left it.
};

struct RecordOptions {
  /// The backend's clock, moved to the latest time of the stream before each event: an hour of time to live passes in
  /// as long as it takes to record it. Null where the backend has the system's.
  std::shared_ptr<ManualClock> clock = nullptr;
  uint64_t fill_events = 0;  ///< The first so many fill state; 0: as many as the source says.
  std::function<bool()> stopped = [] { return false; };
  std::function<void(uint64_t events)> progress = [](uint64_t) {};
};

/// Feeds the operator with the source, on `backend`, and records its accesses to state into `sink`. `backend` must be
/// empty, with raw bytes for keys.
Result<RecordedStream> RecordWorkload(workloads::EventSource& source, workloads::Operator& op,
                                      std::unique_ptr<KeyedStateBackend> backend, TraceSink* sink,
                                      const RecordOptions& options);

/// Records a suite's entry, with a source, an operator and a backend made for it.
Result<RecordedStream> RecordEntry(const SuiteWorkload& entry, const BackendRegistry& registry,
                                   WorkDirectory& directory, TraceSink* sink, const std::function<bool()>& stopped,
                                   const std::function<void(uint64_t done, uint64_t events)>& progress);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_RECORD_WORKLOAD_H_

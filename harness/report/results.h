#ifndef KVSTATE_HARNESS_REPORT_RESULTS_H_
#define KVSTATE_HARNESS_REPORT_RESULTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/report/statistics.h"

namespace kvstate::harness {

/// Figures by name, as docs/metrics.md defines them; units last in the names. What a backend has no such thing of is
/// not in it.
using Figures = std::map<std::string, double, std::less<>>;

/// One replay that counts.
struct Repetition {
  uint64_t operations = 0;
  double time_ns = 0;  ///< Of all operations.
  double cpu_ns = 0;
  Figures figures;
  std::vector<Figures> checkpoints = {};  ///< In order.
};

/// All replays of one workload on one backend.
struct BackendRun {
  std::string backend;
  /// The same backend as the first once more: how far apart they come out is the machine's noise.
  bool noise_twin = false;
  /// Replays in which checkpoints were taken; they are apart from those without.
  bool with_checkpoints = false;
  std::map<std::string, std::string> engine_options;
  std::vector<Repetition> repetitions;
  Figures probed;  ///< Of a replay of its own, which is not timed.
  MedianInterval operations_per_second;
  Figures medians;  ///< Of the repetitions' figures.
  /// With checkpoints: of the replay in which each was awaited.
  std::vector<Figures> checkpoints;
  /// Replays with this way of cleanup alone; empty where the workload's own is taken.
  std::string ttl_cleanup = {};
  /// What was stored then, of a replay of its own; with ttl_cleanup alone.
  std::vector<Figures> ttl_moments = {};
  /// "load" or "capacity" where operations had a pace or parallel instances; else empty.
  std::string load = {};
  uint64_t threads = 1;  ///< Parallel instances.
};

/// What was asked for in the way of checkpoints.
struct CheckpointRequest {
  std::string kind;
  std::string interval_unit;  ///< "operations" or "ms", of the trace's time.
  uint64_t interval = 0;
  uint64_t retained = 1;
  uint64_t planned = 0;        ///< Checkpoints, the one at the end included.
  uint64_t bytes_changed = 0;  ///< Between each and the one before, summed.
};

/// What was asked for in the way of cleanup after a time to live.
struct TtlRequest {
  std::vector<std::string> cleanup;
  uint64_t moments = 0;        ///< At which was looked at what is stored; 0 when the trace does not tell what must be.
  uint64_t resolution_ms = 0;  ///< Between them.
  uint64_t values_expired = 0;
  uint64_t sweep_interval_ms = 0;
  uint64_t sweep_entries = 0;
};

/// What was asked for in the way of load.
struct LoadRequest {
  std::string pace;           ///< "closed", "trace", "rate" or "capacity".
  double speed = 0;           ///< With "trace" alone.
  double rate = 0;            ///< With "rate" alone.
  std::string arrivals = {};  ///< "constant" or "poisson", with "rate" and "capacity".
  uint64_t seed = 0;          ///< With "poisson".
  uint64_t parallelism = 1;
  double latency_objective_ms = 0;  ///< With "capacity" alone.
  std::string latency_quantile = {};
};

/// One workload, or one trace, on all backends.
struct WorkloadRun {
  std::string name;
  std::string workload;  ///< Empty for a trace from a file.
  std::map<std::string, std::string> source_parameters;
  std::map<std::string, std::string> operator_parameters;
  uint64_t seed = 0;
  uint64_t events = 0;
  uint64_t operations = 0;
  // Of a trace, as its header says.
  bool values_are_sizes = false;
  bool keys_are_hashed = false;
  bool is_part = false;
  uint64_t fill_operations = 0;  ///< Before them, not measured.
  std::string fill_checkpoint;   ///< Kind of the one after filling, or "none"; empty where nothing fills.
  bool fill_settled = false;
  uint64_t hits = 0;
  uint64_t entries = 0;
  uint64_t output_rows = 0;
  std::string output_digest;
  std::string state_digest;
  std::string read_digest;
  double harness_ns_per_operation = 0;
  double noise_floor_ratio = 0;  ///< How far the two runs of the same backend are apart; 0.02 is 2%.
  bool has_noise_floor = false;
  std::vector<BackendRun> backends;
  std::optional<CheckpointRequest> checkpoint_request;
  /// Of the backends that have snapshots.
  std::vector<BackendRun> checkpoint_runs;
  std::optional<TtlRequest> ttl_request = {};
  /// Of each backend with each way of cleanup that it has.
  std::vector<BackendRun> ttl_runs = {};
  std::optional<LoadRequest> load_request = {};
  /// Of each backend; of a capacity search the last rate that kept the objective.
  std::vector<BackendRun> load_runs = {};
};

/// All that a `run` or `replay` found.
struct RunResults {
  std::string suite;
  uint64_t seed = 0;
  std::string command;
  double tick_drift_ratio = 0;
  std::string tick_source;
  std::vector<WorkloadRun> workloads;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_RESULTS_H_

#ifndef KVSTATE_HARNESS_RUN_SUITE_H_
#define KVSTATE_HARNESS_RUN_SUITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/load/load_settings.h"
#include "harness/run/checkpoint_plan.h"
#include "harness/run/steady_state.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::harness {

/// One run of a workload with its parameters.
struct SuiteWorkload {
  std::string name;      ///< Unique in the suite; in results. One of a sweep has its values behind it.
  std::string base;      ///< The name without them.
  std::string workload;  ///< Of workloads::Workloads().
  workloads::Parameters source;
  workloads::Parameters operators;
  uint64_t seed = 1;
  std::optional<CheckpointSettings> checkpoint = {};
  std::optional<TtlSettings> ttl = {};
  SteadyStateSettings steady_state = {};
  std::optional<LoadSettings> load = {};
};

struct Suite {
  std::string name;
  std::string description;
  uint64_t repetitions = 5;
  double scale = 1;  ///< That ScaleSuite is to be called with: the file's sizes are those of 1.
  std::vector<SuiteWorkload> workloads;
};

/// A suite from YAML:
///   suite: quick
///   description: one line
///   repetitions: 5
///   scale: 1                     # factor of the sizes below
///   workloads:
///     - name: value_rmw_zipf     # unique
///       workload: value_rmw      # a name that `kvstate list` gives; the same as `name` when left out
///       source: {events: 1000}   # parameters of the generator
///       operator: {}             # parameters of the operator
///       sweep: {source.keys: [10, 100]}   # one entry for each combination of values; may be absent
///       seed: 1
///       checkpoint: {interval: 100000, kind: incremental, retained: 1}   # or interval_ms, of event time; may be
///       absent
///       steady_state: {fill_events: 500, checkpoint: incremental, settle: yes}   # may be absent
///       load: {rate: 1000, arrivals: poisson, parallelism: 2}   # or speed, or find_capacity, latency_objective_ms,
///       latency_quantile; may be absent
///       ttl: {cleanup: [no_ttl, default], moments: 32, sweep_interval_ms: 1000, sweep_entries: 5000}   # or all; may
///       be absent
/// INVALID_ARGUMENT, with `file` and the line, for an unknown key or workload or parameter (listing those there are), a
/// value of a wrong type or out of range.
Result<Suite> ParseSuite(std::string_view yaml, const std::string& file);

/// A built-in suite by name, or, when `name` has a '/' or ends in .yaml, a file's.
Result<Suite> LoadSuite(const std::string& name);

/// Applies "value_rmw_zipf.source.events=1000,*.operator.window_ms=5": entry (by name, or glob), part and parameter.
Status OverrideParameters(Suite* suite, std::string_view assignments);

/// Multiplies all seeds' places in the sequence: seed of each entry = its own + `seed` - 1, so that 1 changes nothing.
void OffsetSeeds(Suite* suite, uint64_t seed);

/// Keeps the entries whose name or workload matches the glob (`*` and `?`; several after commas). INVALID_ARGUMENT,
/// listing the entries, when none does.
Status SelectWorkloads(Suite* suite, std::string_view globs);

/// Whether the operator and the source take the parameters.
Status CheckEntry(const SuiteWorkload& entry);
/// By its name, with the values of a sweep or without, or by its workload.
bool EntryMatches(const SuiteWorkload& entry, std::string_view glob);
std::vector<std::string> EntryNames(const Suite& suite);

bool GlobMatches(std::string_view glob, std::string_view text);
std::vector<std::string> SplitList(std::string_view text, char separator = ',');
std::string JoinList(const std::vector<std::string>& items, std::string_view separator = ", ");

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_SUITE_H_

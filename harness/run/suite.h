#ifndef KVSTATE_HARNESS_RUN_SUITE_H_
#define KVSTATE_HARNESS_RUN_SUITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/checkpoint_plan.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::harness {

/// One run of a workload with its parameters.
struct SuiteWorkload {
  std::string name;      ///< Unique in the suite; in results.
  std::string workload;  ///< Of workloads::Workloads().
  workloads::Parameters source;
  workloads::Parameters operators;
  uint64_t seed = 1;
  std::optional<CheckpointSettings> checkpoint = {};
  std::optional<TtlSettings> ttl = {};
};

struct Suite {
  std::string name;
  std::string description;
  uint64_t repetitions = 5;
  std::vector<SuiteWorkload> workloads;
};

/// A suite from YAML:
///   suite: quick
///   description: one line
///   repetitions: 5
///   workloads:
///     - name: value_rmw_zipf     # unique
///       workload: value_rmw      # a name that `kvstate list` gives; the same as `name` when left out
///       source: {events: 1000}   # parameters of the generator
///       operator: {}             # parameters of the operator
///       seed: 1
///       checkpoint: {interval: 100000, kind: incremental, retained: 1}   # or interval_ms, of event time; may be
///       absent
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

bool GlobMatches(std::string_view glob, std::string_view text);
std::vector<std::string> SplitList(std::string_view text, char separator = ',');
std::string JoinList(const std::vector<std::string>& items, std::string_view separator = ", ");

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_SUITE_H_

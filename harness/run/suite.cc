#include "harness/run/suite.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "harness/load/load_spec.h"
#include "harness/report/atomic_file.h"
#include "harness/run/builtin_suites.h"
#include "harness/run/suite_sweep.h"

namespace kvstate::harness {

namespace {

constexpr uint64_t kMaxRepetitions = 1000;

/// One suite file while it is read: makes errors that name the file and the line.
class SuiteParser {
 public:
  explicit SuiteParser(std::string file) : file_(std::move(file)) {}

  Result<Suite> Parse(const YAML::Node& root) {
    KVSTATE_RETURN_IF_ERROR(CheckKeys(root, "a suite", {"suite", "description", "repetitions", "scale", "workloads"}));
    Suite suite;
    KVSTATE_ASSIGN_OR_RETURN(suite.name, Text(root, root["suite"], "suite"));
    if (root["description"]) {
      KVSTATE_ASSIGN_OR_RETURN(suite.description, Text(root, root["description"], "description"));
    }
    if (root["repetitions"]) {
      KVSTATE_ASSIGN_OR_RETURN(suite.repetitions, Number(root["repetitions"], "repetitions", 1, kMaxRepetitions));
    }
    if (root["scale"]) {
      KVSTATE_ASSIGN_OR_RETURN(suite.scale, Factor(root["scale"], "scale"));
    }
    const YAML::Node entries = root["workloads"];
    if (!entries || !entries.IsSequence() || entries.size() == 0) {
      return Error(entries ? entries : root, "'workloads' must be a list of at least one workload");
    }
    std::set<std::string> names;
    for (const YAML::Node& node : entries) {
      KVSTATE_ASSIGN_OR_RETURN(const SuiteWorkload entry, ParseEntry(node));
      if (!names.insert(entry.name).second) {
        return Error(node, "the name '" + entry.name + "' stands twice; give one of them another");
      }
      KVSTATE_RETURN_IF_ERROR(AddVariants(node, entry, &names, &suite));
    }
    return suite;
  }

 private:
  Status Error(const YAML::Node& node, const std::string& what) const {
    const YAML::Mark mark = node.Mark();
    return InvalidArgumentError(file_ + ":" + (mark.is_null() ? "1" : std::to_string(mark.line + 1)) + ": " + what);
  }

  Status CheckKeys(const YAML::Node& node, const std::string& what, const std::vector<std::string>& allowed) const {
    if (!node.IsMap()) return Error(node, what + " must be a map with the keys " + JoinList(allowed));
    std::set<std::string> seen;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) return Error(pair.first, "a key must be a word");
      const std::string& key = pair.first.Scalar();
      if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
        return Error(pair.first, "unknown key '" + key + "' in " + what + "; there are " + JoinList(allowed));
      }
      if (!seen.insert(key).second) return Error(pair.first, "the key '" + key + "' stands twice");
    }
    return Status();
  }

  Result<std::string> Text(const YAML::Node& parent, const YAML::Node& node, const std::string& key) const {
    if (!node) return Error(parent, "'" + key + "' is missing");
    if (!node.IsScalar() || node.Scalar().empty()) return Error(node, "'" + key + "' must be text");
    return node.Scalar();
  }

  Result<uint64_t> Number(const YAML::Node& node, const std::string& key, uint64_t least, uint64_t most) const {
    uint64_t value = 0;
    if (node.IsScalar()) {
      const std::string& text = node.Scalar();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size() && value >= least && value <= most) return value;
    }
    return Error(node,
                 "'" + key + "' must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }

  Result<double> Factor(const YAML::Node& node, const std::string& key) const {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    char* end = nullptr;
    const double factor = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(factor >= kLeastScale && factor <= kMostScale)) {
      return Error(node, "'" + key + "' must be a number from 0.000001 to 1000000");
    }
    return factor;
  }

  Result<bool> YesOrNo(const YAML::Node& node, const std::string& key) const {
    if (node.IsScalar() && (node.Scalar() == "yes" || node.Scalar() == "no")) return node.Scalar() == "yes";
    return Error(node, "'" + key + "' must be yes or no");
  }

  Result<workloads::Parameters> ParseParameters(const YAML::Node& node, const std::string& key,
                                                const std::vector<workloads::ParameterSpec>& specs) const {
    workloads::Parameters parameters;
    if (!node || node.IsNull()) return parameters;
    std::vector<std::string> allowed;
    for (const workloads::ParameterSpec& spec : specs) allowed.push_back(spec.name);
    KVSTATE_RETURN_IF_ERROR(CheckKeys(node, "'" + key + "'", allowed));
    for (const auto& pair : node) {
      if (!pair.second.IsScalar()) {
        return Error(pair.second, "'" + pair.first.Scalar() + "' must be a number or a word");
      }
      parameters[pair.first.Scalar()] = pair.second.Scalar();
    }
    return parameters;
  }

  Result<CheckpointSettings> ParseCheckpoint(const YAML::Node& node) const {
    KVSTATE_RETURN_IF_ERROR(CheckKeys(node, "'checkpoint'", {"interval", "interval_ms", "kind", "retained"}));
    if (node["interval"].IsDefined() == node["interval_ms"].IsDefined()) {
      return Error(node, "'checkpoint' needs one of 'interval', in operations, and 'interval_ms', in event time");
    }
    CheckpointSettings settings;
    const bool by_time = node["interval_ms"].IsDefined();
    const char* key = by_time ? "interval_ms" : "interval";
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t interval, Number(node[key], key, 1, kMaxCheckpointInterval));
    (by_time ? settings.interval_ms : settings.interval_operations) = interval;
    if (node["kind"]) {
      KVSTATE_ASSIGN_OR_RETURN(const std::string kind, Text(node, node["kind"], "kind"));
      const Result<SnapshotKind> parsed = ParseSnapshotKind(kind);
      if (!parsed.ok()) return Error(node["kind"], std::string(parsed.status().message()));
      settings.kind = *parsed;
    }
    if (node["retained"]) {
      KVSTATE_ASSIGN_OR_RETURN(const uint64_t retained,
                               Number(node["retained"], "retained", 1, kMaxCheckpointsRetained));
      settings.retained = static_cast<uint32_t>(retained);
    }
    return settings;
  }

  Result<TtlSettings> ParseTtl(const YAML::Node& node) const {
    KVSTATE_RETURN_IF_ERROR(CheckKeys(node, "'ttl'", {"cleanup", "moments", "sweep_interval_ms", "sweep_entries"}));
    const YAML::Node cleanup = node["cleanup"];
    std::string names;
    if (cleanup && cleanup.IsScalar()) names = cleanup.Scalar();
    if (cleanup && cleanup.IsSequence()) {
      for (const YAML::Node& name : cleanup) {
        KVSTATE_ASSIGN_OR_RETURN(const std::string text, Text(node, name, "cleanup"));
        names += (names.empty() ? "" : ",") + text;
      }
    }
    TtlSettings settings;
    auto strategies = ParseTtlStrategies(names);
    if (!strategies.ok())
      return Error(cleanup ? cleanup : node, "'cleanup': " + std::string(strategies.status().message()));
    settings.strategies = std::move(strategies).value();
    struct {
      const char* key;
      uint64_t most;
      uint64_t* value;
    } const numbers[] = {{"moments", kMaxTtlMoments, &settings.moments},
                         {"sweep_interval_ms", kMaxCheckpointInterval, &settings.sweep_interval_ms},
                         {"sweep_entries", kMaxCheckpointInterval, &settings.sweep_entries}};
    for (const auto& number : numbers) {
      if (!node[number.key]) continue;
      KVSTATE_ASSIGN_OR_RETURN(*number.value, Number(node[number.key], number.key, 1, number.most));
    }
    return settings;
  }

  Result<SteadyStateSettings> ParseSteadyState(const YAML::Node& node) const {
    KVSTATE_RETURN_IF_ERROR(CheckKeys(node, "'steady_state'", {"fill_events", "checkpoint", "settle"}));
    SteadyStateSettings settings;
    if (node["fill_events"]) {
      KVSTATE_ASSIGN_OR_RETURN(settings.fill_events, Number(node["fill_events"], "fill_events", 1, kMaxFillEvents));
    }
    if (node["checkpoint"]) {
      KVSTATE_ASSIGN_OR_RETURN(const std::string name, Text(node, node["checkpoint"], "checkpoint"));
      const auto kind = ParseFillCheckpoint(name);
      if (!kind.ok()) return Error(node["checkpoint"], std::string(kind.status().message()));
      settings.checkpoint = *kind;
    }
    if (node["settle"]) {
      KVSTATE_ASSIGN_OR_RETURN(settings.settle, YesOrNo(node["settle"], "settle"));
    }
    return settings;
  }

  Result<std::optional<LoadSettings>> ParseLoad(const YAML::Node& node) const {
    LoadSpec spec;
    struct {
      const char* key;
      std::string* value;
    } const texts[] = {{"speed", &spec.speed},
                       {"rate", &spec.rate},
                       {"arrivals", &spec.arrivals},
                       {"latency_objective_ms", &spec.latency_objective_ms},
                       {"latency_quantile", &spec.latency_quantile}};
    std::vector<std::string> allowed{"parallelism", "find_capacity", "seed"};
    for (const auto& text : texts) allowed.emplace_back(text.key);
    KVSTATE_RETURN_IF_ERROR(CheckKeys(node, "'load'", allowed));
    for (const auto& text : texts) {
      if (!node[text.key]) continue;
      KVSTATE_ASSIGN_OR_RETURN(*text.value, Text(node, node[text.key], text.key));
    }
    if (node["parallelism"]) {
      KVSTATE_ASSIGN_OR_RETURN(const uint64_t parallelism, Number(node["parallelism"], "parallelism", 1, UINT32_MAX));
      spec.parallelism = static_cast<uint32_t>(parallelism);
    }
    if (node["find_capacity"]) {
      KVSTATE_ASSIGN_OR_RETURN(spec.find_capacity, YesOrNo(node["find_capacity"], "find_capacity"));
    }
    if (node["seed"]) {
      KVSTATE_ASSIGN_OR_RETURN(spec.seed, Number(node["seed"], "seed", 0, UINT64_MAX));
    }
    auto load = LoadOf(spec, kDefaultMaxParallelism, "");
    if (!load.ok()) return Error(node, "'load': " + std::string(load.status().message()));
    return load;
  }

  Result<std::vector<SweepAxis>> ParseSweep(const YAML::Node& node) const {
    std::vector<SweepAxis> axes;
    if (!node.IsMap()) return Error(node, "'sweep' must be a map from source.<parameter> to a list of values");
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) return Error(pair.first, "a key must be a word");
      std::vector<std::string> values;
      if (!pair.second.IsSequence()) return Error(pair.second, "a sweep's values must be a list");
      for (const YAML::Node& value : pair.second) {
        if (!value.IsScalar()) return Error(value, "a sweep's value must be a number or a word");
        values.push_back(value.Scalar());
      }
      auto axis = MakeSweepAxis(pair.first.Scalar(), std::move(values));
      if (!axis.ok()) return Error(pair.first, "'sweep': " + std::string(axis.status().message()));
      axes.push_back(std::move(axis).value());
    }
    return axes;
  }

  Status AddVariants(const YAML::Node& node, const SuiteWorkload& entry, std::set<std::string>* names,
                     Suite* suite) const {
    std::vector<SweepAxis> axes;
    if (node["sweep"]) {
      KVSTATE_ASSIGN_OR_RETURN(axes, ParseSweep(node["sweep"]));
    }
    auto variants = ExpandSweep(entry, axes);
    if (!variants.ok()) return Error(node["sweep"], std::string(variants.status().message()));
    for (SuiteWorkload& variant : *variants) {
      const Status checked = CheckEntry(variant);
      if (!checked.ok()) return Error(node["sweep"] ? node["sweep"] : node, std::string(checked.message()));
      if (variant.name != entry.name && !names->insert(variant.name).second) {
        return Error(node["sweep"],
                     "the name '" + variant.name + "' of a variant stands twice; give one of them another");
      }
      suite->workloads.push_back(std::move(variant));
    }
    if (suite->workloads.size() <= kMaxSuiteEntries) return Status();
    return Error(node, "the suite has more than " + std::to_string(kMaxSuiteEntries) + " workloads; give fewer values");
  }

  Result<SuiteWorkload> ParseEntry(const YAML::Node& node) const {
    KVSTATE_RETURN_IF_ERROR(CheckKeys(
        node, "a workload",
        {"name", "workload", "source", "operator", "sweep", "seed", "checkpoint", "ttl", "steady_state", "load"}));
    SuiteWorkload entry;
    KVSTATE_ASSIGN_OR_RETURN(entry.name, Text(node, node["name"], "name"));
    entry.base = entry.name;
    entry.workload = entry.name;
    if (node["workload"]) {
      KVSTATE_ASSIGN_OR_RETURN(entry.workload, Text(node, node["workload"], "workload"));
    }
    const auto found = workloads::FindWorkload(entry.workload);
    if (!found.ok()) {
      return Error(node["workload"] ? node["workload"] : node["name"], std::string(found.status().message()));
    }
    const workloads::WorkloadSpec& spec = **found;
    KVSTATE_ASSIGN_OR_RETURN(entry.source, ParseParameters(node["source"], "source", spec.source_parameters));
    KVSTATE_ASSIGN_OR_RETURN(entry.operators, ParseParameters(node["operator"], "operator", spec.operator_parameters));
    if (node["seed"]) {
      KVSTATE_ASSIGN_OR_RETURN(entry.seed, Number(node["seed"], "seed", 0, UINT64_MAX));
    }
    if (node["checkpoint"]) {
      KVSTATE_ASSIGN_OR_RETURN(entry.checkpoint, ParseCheckpoint(node["checkpoint"]));
    }
    if (node["ttl"]) {
      KVSTATE_ASSIGN_OR_RETURN(entry.ttl, ParseTtl(node["ttl"]));
    }
    if (node["steady_state"]) {
      if (entry.ttl.has_value()) {
        return Error(node["steady_state"],
                     "'steady_state' and 'ttl' exclude each other: ways of cleanup are compared over a whole stream");
      }
      KVSTATE_ASSIGN_OR_RETURN(entry.steady_state, ParseSteadyState(node["steady_state"]));
    }
    if (node["load"]) {
      KVSTATE_ASSIGN_OR_RETURN(entry.load, ParseLoad(node["load"]));
    }
    // Values are checked by those that read them; making both is cheap.
    const auto source = spec.make_source(entry.source, entry.seed);
    if (!source.ok()) return Error(node["source"] ? node["source"] : node, std::string(source.status().message()));
    const auto made = spec.make_operator(entry.operators);
    if (!made.ok()) return Error(node["operator"] ? node["operator"] : node, std::string(made.status().message()));
    return entry;
  }

  const std::string file_;
};

}  // namespace

Status CheckEntry(const SuiteWorkload& entry) {
  KVSTATE_ASSIGN_OR_RETURN(const workloads::WorkloadSpec* spec, workloads::FindWorkload(entry.workload));
  KVSTATE_RETURN_IF_ERROR(spec->make_source(entry.source, entry.seed).status().WithContext(entry.name + ".source"));
  return spec->make_operator(entry.operators).status().WithContext(entry.name + ".operator");
}

std::vector<std::string> EntryNames(const Suite& suite) {
  std::vector<std::string> names;
  for (const SuiteWorkload& entry : suite.workloads) names.push_back(entry.name);
  return names;
}

bool EntryMatches(const SuiteWorkload& entry, std::string_view glob) {
  return GlobMatches(glob, entry.name) || GlobMatches(glob, entry.base) || GlobMatches(glob, entry.workload);
}

Result<Suite> ParseSuite(std::string_view yaml, const std::string& file) {
  // yaml-cpp speaks in exceptions; none leaves here.
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    return SuiteParser(file).Parse(root);
  } catch (const YAML::Exception& e) {
    const std::string line = e.mark.is_null() ? "1" : std::to_string(e.mark.line + 1);
    return InvalidArgumentError(file + ":" + line + ": " + e.msg);
  }
}

Result<Suite> LoadSuite(const std::string& name) {
  if (name.find('/') == std::string::npos && !name.ends_with(".yaml")) {
    std::vector<std::string> names;
    for (const BuiltinSuite& suite : BuiltinSuites()) {
      if (suite.name == name) return ParseSuite(suite.yaml, name + ".yaml");
      names.emplace_back(suite.name);
    }
    return InvalidArgumentError("no suite is named '" + name + "'; there are " + JoinList(names) +
                                ", and files, whose names end in .yaml");
  }
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad() || text.fail()) return SystemError("cannot read suite " + name, errno == 0 ? EIO : errno);
  return ParseSuite(text.str(), name);
}

Status OverrideParameters(Suite* suite, std::string_view assignments) {
  for (const std::string& assignment : SplitList(assignments)) {
    const size_t equals = assignment.find('=');
    const std::vector<std::string> path = SplitList(assignment.substr(0, equals), '.');
    if (equals == std::string::npos || path.size() != 3 || (path[1] != "source" && path[1] != "operator")) {
      return InvalidArgumentError("--set: '" + assignment +
                                  "' is not <workload>.source.<parameter>=<value> or "
                                  "<workload>.operator.<parameter>=<value>");
    }
    bool matched = false;
    for (SuiteWorkload& entry : suite->workloads) {
      if (!EntryMatches(entry, path[0])) continue;
      matched = true;
      if (IsSwept(entry, path[2])) {
        return InvalidArgumentError("--set: '" + path[2] + "' of '" + entry.name +
                                    "' is swept by the suite; choose a variant by --workloads");
      }
      (path[1] == "source" ? entry.source : entry.operators)[path[2]] = assignment.substr(equals + 1);
      KVSTATE_RETURN_IF_ERROR(CheckEntry(entry).WithContext("--set"));
    }
    if (!matched) {
      return InvalidArgumentError("--set: no workload of the suite matches '" + path[0] + "'; there are " +
                                  JoinList(EntryNames(*suite)));
    }
  }
  return Status();
}

void OffsetSeeds(Suite* suite, uint64_t seed) {
  for (SuiteWorkload& entry : suite->workloads) entry.seed += seed - 1;
}

Status SelectWorkloads(Suite* suite, std::string_view globs) {
  const std::vector<std::string> all = EntryNames(*suite);
  const std::vector<std::string> wanted = SplitList(globs);
  for (const std::string& glob : wanted) {
    const bool matches = std::any_of(suite->workloads.begin(), suite->workloads.end(),
                                     [&](const SuiteWorkload& entry) { return EntryMatches(entry, glob); });
    if (!matches) {
      return InvalidArgumentError("no workload of suite '" + suite->name + "' matches '" + glob + "'; there are " +
                                  JoinList(all));
    }
  }
  if (wanted.empty()) return Status();
  std::erase_if(suite->workloads, [&](const SuiteWorkload& entry) {
    return std::none_of(wanted.begin(), wanted.end(),
                        [&](const std::string& glob) { return EntryMatches(entry, glob); });
  });
  return Status();
}

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

std::vector<std::string> SplitList(std::string_view text, char separator) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) items.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

std::string JoinList(const std::vector<std::string>& items, std::string_view separator) {
  std::string joined;
  for (const std::string& item : items) {
    if (!joined.empty()) joined += separator;
    joined += item;
  }
  return joined;
}

}  // namespace kvstate::harness

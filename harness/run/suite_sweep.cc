#include "harness/run/suite_sweep.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <utility>

namespace kvstate::harness {

namespace {

constexpr double kMostScaled = 9e18;

uint64_t Scaled(uint64_t number, double factor) {
  const double scaled = std::round(static_cast<double>(number) * factor);
  return static_cast<uint64_t>(std::clamp(scaled, 1.0, kMostScaled));
}

workloads::Parameters& PartOf(SuiteWorkload* entry, const std::string& part) {
  return part == "source" ? entry->source : entry->operators;
}

Status ScaleEntry(SuiteWorkload* entry, double factor) {
  KVSTATE_ASSIGN_OR_RETURN(const workloads::WorkloadSpec* spec, workloads::FindWorkload(entry->workload));
  for (const workloads::ParameterSpec& parameter : spec->source_parameters) {
    if (!parameter.scales) continue;
    const auto given = entry->source.find(parameter.name);
    const std::string& text = given == entry->source.end() ? parameter.default_value : given->second;
    entry->source[parameter.name] = std::to_string(Scaled(std::strtoull(text.c_str(), nullptr, 10), factor));
  }
  if (entry->steady_state.fill_events > 0) {
    entry->steady_state.fill_events = Scaled(entry->steady_state.fill_events, factor);
  }
  if (entry->checkpoint.has_value() && entry->checkpoint->interval_operations > 0) {
    entry->checkpoint->interval_operations = Scaled(entry->checkpoint->interval_operations, factor);
  }
  return CheckEntry(*entry);
}

Status CheckNames(const std::vector<SuiteWorkload>& entries) {
  std::set<std::string_view> names;
  for (const SuiteWorkload& entry : entries) {
    if (!names.insert(entry.name).second) {
      return InvalidArgumentError("the name '" + entry.name + "' stands twice; give one of the workloads another");
    }
  }
  return Status();
}

}  // namespace

bool IsSwept(const SuiteWorkload& entry, std::string_view parameter) {
  const std::string variant = "/" + std::string(parameter) + "=";
  return entry.name != entry.base && entry.name.find(variant, entry.base.size()) != std::string::npos;
}

Result<SweepAxis> MakeSweepAxis(std::string_view path, std::vector<std::string> values) {
  const std::vector<std::string> parts = SplitList(path, '.');
  if (parts.size() != 2 || (parts[0] != "source" && parts[0] != "operator")) {
    return InvalidArgumentError("'" + std::string(path) + "' is not source.<parameter> or operator.<parameter>");
  }
  if (values.empty()) return InvalidArgumentError("'" + std::string(path) + "' has no values");
  std::set<std::string> seen;
  for (const std::string& value : values) {
    if (!seen.insert(value).second) {
      return InvalidArgumentError("'" + std::string(path) + "' has the value '" + value + "' twice");
    }
  }
  return SweepAxis{parts[0], parts[1], std::move(values)};
}

Result<std::vector<SuiteWorkload>> ExpandSweep(const SuiteWorkload& entry, const std::vector<SweepAxis>& axes) {
  std::set<std::string> swept;
  std::vector<SuiteWorkload> entries{entry};
  for (const SweepAxis& axis : axes) {
    if (!swept.insert(axis.part + "." + axis.parameter).second) {
      return InvalidArgumentError("'" + axis.part + "." + axis.parameter + "' is swept twice");
    }
    if (entries.size() * axis.values.size() > kMaxSuiteEntries) {
      return InvalidArgumentError("the sweep of '" + entry.name + "' has more than " +
                                  std::to_string(kMaxSuiteEntries) + " combinations; give fewer values");
    }
    std::vector<SuiteWorkload> combined;
    for (const SuiteWorkload& before : entries) {
      for (const std::string& value : axis.values) {
        SuiteWorkload& variant = combined.emplace_back(before);
        PartOf(&variant, axis.part)[axis.parameter] = value;
        variant.name += "/" + axis.parameter + "=" + value;
      }
    }
    entries = std::move(combined);
  }
  return entries;
}

Status SweepParameters(Suite* suite, std::string_view assignments) {
  std::vector<std::vector<SweepAxis>> axes(suite->workloads.size());
  for (const std::string& assignment : SplitList(assignments)) {
    const size_t equals = assignment.find('=');
    const size_t dot = assignment.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
      return InvalidArgumentError(
          "--sweep: '" + assignment +
          "' is not <workload>.source.<parameter>=<value>:<value>:… or the same of an operator");
    }
    auto axis = MakeSweepAxis(std::string_view(assignment).substr(dot + 1, equals - dot - 1),
                              SplitList(std::string_view(assignment).substr(equals + 1), ':'));
    if (!axis.ok()) return axis.status().WithContext("--sweep");
    const std::string glob = assignment.substr(0, dot);
    bool matched = false;
    for (size_t i = 0; i < suite->workloads.size(); ++i) {
      if (!EntryMatches(suite->workloads[i], glob)) continue;
      matched = true;
      if (IsSwept(suite->workloads[i], axis->parameter)) {
        return InvalidArgumentError("--sweep: '" + axis->parameter + "' of '" + suite->workloads[i].name +
                                    "' is swept by the suite; choose a variant by --workloads");
      }
      axes[i].push_back(*axis);
    }
    if (!matched) {
      return InvalidArgumentError("--sweep: no workload of the suite matches '" + glob + "'; there are " +
                                  JoinList(EntryNames(*suite)));
    }
  }
  std::vector<SuiteWorkload> all;
  for (size_t i = 0; i < suite->workloads.size(); ++i) {
    auto variants = ExpandSweep(suite->workloads[i], axes[i]);
    if (!variants.ok()) return variants.status().WithContext("--sweep");
    for (SuiteWorkload& variant : *variants) {
      KVSTATE_RETURN_IF_ERROR(CheckEntry(variant).WithContext("--sweep"));
      all.push_back(std::move(variant));
    }
  }
  if (all.size() > kMaxSuiteEntries) {
    return InvalidArgumentError("--sweep: the suite would have " + std::to_string(all.size()) +
                                " workloads, and at most " + std::to_string(kMaxSuiteEntries) +
                                " can be; give fewer values, or choose workloads by --workloads");
  }
  KVSTATE_RETURN_IF_ERROR(CheckNames(all).WithContext("--sweep"));
  suite->workloads = std::move(all);
  return Status();
}

Status ScaleSuite(Suite* suite, double factor) {
  if (!(factor >= kLeastScale && factor <= kMostScale)) {
    return InvalidArgumentError("the scale factor must be a number from 0.000001 to 1000000");
  }
  if (factor == 1) return Status();
  for (SuiteWorkload& entry : suite->workloads) {
    KVSTATE_RETURN_IF_ERROR(ScaleEntry(&entry, factor).WithContext("with the scale factor"));
  }
  return Status();
}

}  // namespace kvstate::harness

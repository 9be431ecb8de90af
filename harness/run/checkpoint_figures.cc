#include "harness/run/checkpoint_figures.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "harness/report/statistics.h"

namespace kvstate::harness {

namespace {

/// Values of one figure over checkpoints, those that have it.
std::vector<double> ValuesOf(const std::vector<Figures>& checkpoints, std::string_view name, size_t first = 0) {
  std::vector<double> values;
  for (size_t i = first; i < checkpoints.size(); ++i) {
    if (const auto found = checkpoints[i].find(name); found != checkpoints[i].end()) values.push_back(found->second);
  }
  return values;
}

double Sum(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// The least value that a share `quantile` of the values does not exceed.
double Quantile(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(quantile * static_cast<double>(values.size()));
  return values[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

void AddRatio(const std::string& name, double numerator, double denominator, Figures* figures) {
  if (denominator > 0) (*figures)[name] = numerator / denominator;
}

}  // namespace

Figures CheckpointFigures(const TakenCheckpoint& taken) {
  const SnapshotFigures& of_backend = taken.outcome.figures;
  Figures figures;
  figures["operations"] = static_cast<double>(taken.operations);
  figures["delayed"] = taken.delayed ? 1 : 0;
  figures["bytes_written"] = static_cast<double>(of_backend.bytes_written);
  figures["bytes_reused"] = static_cast<double>(of_backend.bytes_reused);
  figures["files_new"] = static_cast<double>(of_backend.files_new);
  figures["files_reused"] = static_cast<double>(of_backend.files_reused);
  if (of_backend.entries_written.has_value()) {
    figures["entries_written"] = static_cast<double>(*of_backend.entries_written);
  }
  figures["synchronous_time_ns"] = static_cast<double>(taken.synchronous_time_ns);
  figures["asynchronous_time_ns"] = static_cast<double>(taken.outcome.asynchronous_time_ns);
  figures["completion_time_ns"] = static_cast<double>(taken.outcome.completion_time_ns);
  figures["notification_time_ns"] = static_cast<double>(taken.notification_time_ns);
  if (taken.operations_per_second_before.has_value() && taken.operations_per_second_during.has_value()) {
    figures["operations_per_second_before"] = *taken.operations_per_second_before;
    figures["operations_per_second_during"] = *taken.operations_per_second_during;
    AddRatio("throughput_ratio", *taken.operations_per_second_during, *taken.operations_per_second_before, &figures);
  }
  return figures;
}

Figures AwaitedCheckpointFigures(const TakenCheckpoint& taken, const ExpectedCheckpoint& expected,
                                 uint64_t copy_time_ns) {
  Figures figures = CheckpointFigures(taken);
  figures["entries"] = static_cast<double>(expected.entries);
  figures["entries_changed"] = static_cast<double>(expected.change.entries);
  figures["bytes_changed"] = static_cast<double>(expected.change.bytes);
  AddRatio("amplification_ratio", figures["bytes_written"], figures["bytes_changed"], &figures);
  figures["copy_time_ns"] = static_cast<double>(copy_time_ns);
  AddRatio("copy_time_ratio", figures["synchronous_time_ns"] + figures["asynchronous_time_ns"], figures["copy_time_ns"],
           &figures);
  return figures;
}

void AddSizeFigures(const std::vector<Figures>& checkpoints, Figures* figures) {
  if (checkpoints.empty()) return;
  Figures& f = *figures;
  f["checkpoints_awaited"] = static_cast<double>(checkpoints.size());
  for (const std::string_view name : {"bytes_written", "bytes_reused", "files_new", "files_reused", "entries_written",
                                      "bytes_changed", "entries_changed"}) {
    const std::vector<double> values = ValuesOf(checkpoints, name);
    if (values.empty()) continue;
    f["checkpoint_" + std::string(name)] = Sum(values);
    f["checkpoint_" + std::string(name) + "_p50"] = Median(values);
  }
  AddRatio("checkpoint_amplification_ratio", f["checkpoint_bytes_written"], f["checkpoint_bytes_changed"], figures);
  if (checkpoints.size() > 1) {
    // The first has nothing to build on.
    f["increment_bytes_written"] = Sum(ValuesOf(checkpoints, "bytes_written", 1));
    f["increment_bytes_changed"] = Sum(ValuesOf(checkpoints, "bytes_changed", 1));
    AddRatio("increment_amplification_ratio", f["increment_bytes_written"], f["increment_bytes_changed"], figures);
  }
  f["checkpoint_copy_time_ns"] = Sum(ValuesOf(checkpoints, "copy_time_ns"));
  AddRatio("checkpoint_copy_time_ratio",
           Sum(ValuesOf(checkpoints, "synchronous_time_ns")) + Sum(ValuesOf(checkpoints, "asynchronous_time_ns")),
           f["checkpoint_copy_time_ns"], figures);
}

void AddTimeFigures(const std::vector<Figures>& checkpoints, Figures* figures) {
  if (checkpoints.empty()) return;
  Figures& f = *figures;
  for (const std::string name : {"synchronous_time_ns", "asynchronous_time_ns"}) {
    const std::vector<double> values = ValuesOf(checkpoints, name);
    f["checkpoint_" + name] = Sum(values);
    f["checkpoint_" + name + "_p50"] = Quantile(values, 0.5);
    f["checkpoint_" + name + "_p99"] = Quantile(values, 0.99);
    f["checkpoint_" + name + "_max"] = Quantile(values, 1);
  }
  f["checkpoint_completion_time_ns"] = Sum(ValuesOf(checkpoints, "completion_time_ns"));
  f["checkpoint_notification_time_ns"] = Sum(ValuesOf(checkpoints, "notification_time_ns"));
  const std::vector<double> throughput = ValuesOf(checkpoints, "throughput_ratio");
  if (!throughput.empty()) {
    f["checkpoint_throughput_ratio"] = Median(throughput);
    f["checkpoint_throughput_ratio_min"] = Quantile(throughput, 0);
  }
}

void AddRestoreFigures(const MeasuredRestore& restore, uint64_t copy_time_ns, Figures* figures) {
  Figures& f = *figures;
  f["restore_bytes"] = static_cast<double>(restore.bytes);
  f["restore_time_ns"] = static_cast<double>(restore.time_ns);
  if (restore.first_read_time_ns.has_value())
    f["first_read_time_ns"] = static_cast<double>(*restore.first_read_time_ns);
  f["restore_copy_time_ns"] = static_cast<double>(copy_time_ns);
  AddRatio("restore_copy_time_ratio", f["restore_time_ns"], f["restore_copy_time_ns"], figures);
}

}  // namespace kvstate::harness

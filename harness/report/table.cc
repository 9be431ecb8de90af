#include "harness/report/table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "harness/report/load_table.h"

namespace kvstate::harness {

namespace {

constexpr std::string_view kAbsent = "–";
constexpr std::string_view kGap = "  ";

/// Columns that UTF-8 text takes: bytes that do not continue a character.
size_t Columns(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Format(const char* format, double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string Scaled(double value, double base, const std::vector<std::string>& units) {
  size_t unit = 0;
  // Rounded as it will be shown, so that 999,999 is not "1000 k".
  while (unit + 1 < units.size() && std::abs(value) >= (unit == 0 ? base - 0.5 : base * 0.9995)) {
    value /= base;
    ++unit;
  }
  const char* format = "%.0f";
  if (unit > 0 || value != std::floor(value)) format = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
  const std::string number = Format(format, value);
  return units[unit].empty() ? number : number + " " + units[unit];
}

const double* FindFigure(const Figures& figures, std::string_view name) {
  const auto found = figures.find(name);
  return found == figures.end() ? nullptr : &found->second;
}

std::string Shown(const double* value, std::string (*show)(double)) {
  return value == nullptr ? std::string(kAbsent) : show(*value);
}

std::string Percent(double ratio) { return Format(ratio < 0.0995 ? "%.1f%%" : "%.0f%%", ratio * 100); }
std::string Ratio(double ratio) { return Format(ratio < 0.0995 ? "%.3f" : ratio < 9.95 ? "%.2f" : "%.1f", ratio); }

std::vector<std::string> Row(const BackendRun& backend, double best) {
  const MedianInterval& throughput = backend.operations_per_second;
  const double spread = std::max(throughput.high - throughput.median, throughput.median - throughput.low);
  return {backend.noise_twin ? backend.backend + " (again)" : backend.backend,
          ShortNumber(throughput.median),
          throughput.confidence > 0 ? "±" + Percent(spread / throughput.median) : std::string(kAbsent),
          Ratio(throughput.median / best),
          Shown(FindFigure(backend.medians, "latency_ns_p50"), ShortNumber),
          Shown(FindFigure(backend.medians, "latency_ns_p99"), ShortNumber),
          Shown(FindFigure(backend.medians, "latency_ns_p999"), ShortNumber),
          Shown(FindFigure(backend.probed, "serialization_time_ratio"), Percent),
          Shown(FindFigure(backend.probed, "write_amplification_ratio"), Ratio),
          Shown(FindFigure(backend.probed, "memory_bytes_resident"), ShortBytes),
          Shown(FindFigure(backend.probed, "disk_bytes"), ShortBytes)};
}

std::string FilesNewAndReused(const Figures& figures) {
  const double* files_new = FindFigure(figures, "checkpoint_files_new");
  const double* files_reused = FindFigure(figures, "checkpoint_files_reused");
  if (files_new == nullptr || files_reused == nullptr) return std::string(kAbsent);
  return ShortNumber(*files_new) + " + " + ShortNumber(*files_reused);
}

/// `of_backend` null: a backend without snapshots.
std::vector<std::string> CheckpointRow(const std::string& name, const BackendRun* of_backend) {
  static const BackendRun kNothing;
  const BackendRun& backend = of_backend == nullptr ? kNothing : *of_backend;
  const auto median = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.medians, figure), show);
  };
  const auto size = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.probed, figure), show);
  };
  return {name,
          size("checkpoint_bytes_written", ShortBytes),
          size("checkpoint_bytes_reused", ShortBytes),
          FilesNewAndReused(backend.probed),
          size("checkpoint_amplification_ratio", Ratio),
          size("increment_amplification_ratio", Ratio),
          median("checkpoint_synchronous_time_ns_p50", ShortTime),
          median("checkpoint_synchronous_time_ns_max", ShortTime),
          median("checkpoint_asynchronous_time_ns_p50", ShortTime),
          size("checkpoint_copy_time_ratio", Ratio),
          median("checkpoint_throughput_ratio", Percent),
          median("operations_per_second_ratio", Percent),
          median("restore_time_ns", ShortTime),
          median("restore_copy_time_ratio", Ratio),
          median("first_read_time_ns", ShortTime)};
}

std::string CheckpointTable(const WorkloadRun& run, const TableStyle& style) {
  const CheckpointRequest& request = *run.checkpoint_request;
  constexpr double kNanosecondsInMs = 1e6;
  const auto interval = static_cast<double>(request.interval);
  const std::string each = request.interval_unit == "ms" ? ShortTime(interval * kNanosecondsInMs) + " of the trace"
                                                         : ShortNumber(interval) + " " + request.interval_unit;
  std::string text = "checkpoints, " + request.kind + ", each " + each + ": " +
                     ShortNumber(static_cast<double>(request.planned)) + ", between which " +
                     ShortBytes(static_cast<double>(request.bytes_changed)) + " change\n";
  Table table({"backend", "written", "reused", "files new + reused", "× changed", "increments ×", "sync", "sync max",
               "async", "× copying", "ops/s during", "ops/s in all", "restore", "× copying", "first read"});
  for (const BackendRun& backend : run.backends) {
    if (backend.noise_twin) continue;
    const auto found = std::find_if(run.checkpoint_runs.begin(), run.checkpoint_runs.end(),
                                    [&](const BackendRun& other) { return other.backend == backend.backend; });
    table.AddRow(CheckpointRow(backend.backend, found == run.checkpoint_runs.end() ? nullptr : &*found));
  }
  return text + table.ToText(style.width, style.colour);
}

/// A column of those that were run with each way of cleanup.
std::vector<std::string> TtlRow(const BackendRun& backend) {
  const auto median = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.medians, figure), show);
  };
  const auto watched = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.probed, figure), show);
  };
  constexpr auto kMilliseconds = [](double ms) { return ShortTime(ms * 1e6); };
  return {backend.backend,
          backend.ttl_cleanup,
          ShortNumber(backend.operations_per_second.median),
          median("operations_per_second_ratio_to_no_ttl", Percent),
          median("operations_per_second_ratio_to_no_cleanup", Percent),
          median("cpu_time_ratio_to_no_ttl", Percent),
          median("cpu_time_ratio_to_no_cleanup", Percent),
          median("latency_ns_p99", ShortNumber),
          median("ttl_cleanup_time_ratio", Percent),
          watched("ttl_expired_bytes_ratio", Percent),
          watched("ttl_expired_bytes_end", ShortBytes),
          watched("ttl_lag_ms_p50", kMilliseconds),
          watched("ttl_lag_ms_p99", kMilliseconds),
          watched("ttl_lag_ms_max", kMilliseconds),
          watched("compaction_bytes_written", ShortBytes),
          watched("compaction_bytes_written_ratio_to_no_cleanup", Ratio),
          watched("ttl_sweep_bytes_written", ShortBytes),
          watched("ttl_savepoint_bytes_written", ShortBytes),
          watched("ttl_time_bytes_per_value", Ratio)};
}

std::string TtlTable(const WorkloadRun& run, const TableStyle& style) {
  const TtlRequest& request = *run.ttl_request;
  constexpr double kNanosecondsInMs = 1e6;
  std::string text = "time to live";
  if (request.moments > 0) {
    text += ": " + ShortNumber(static_cast<double>(request.values_expired)) + " values expire; looked at each " +
            ShortTime(static_cast<double>(request.resolution_ms) * kNanosecondsInMs) + " of the trace";
  }
  text += "\n";
  Table table({"backend", "cleanup", "ops/s", "of no_ttl", "of no_cleanup", "cpu of no_ttl", "cpu of no_cleanup",
               "p99 ns", "cleanup time", "expired/live", "expired at end", "lag p50", "lag p99", "lag max", "compacted",
               "× no_cleanup", "for ttl alone", "savepoint", "B a value"},
              2);
  for (const BackendRun& backend : run.ttl_runs) table.AddRow(TtlRow(backend));
  return text + table.ToText(style.width, style.colour);
}

}  // namespace

std::string ShortNumber(double value) { return Scaled(value, 1000, {"", "k", "M", "G", "T"}); }

std::string ShortBytes(double bytes) { return Scaled(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB"}); }

std::string ShortTime(double nanoseconds) {
  constexpr double kNanosecondsInSecond = 1e9;
  if (nanoseconds >= kNanosecondsInSecond * 0.9995) return Scaled(nanoseconds / kNanosecondsInSecond, 1000, {"s"});
  return Scaled(nanoseconds, 1000, {"ns", "µs", "ms"});
}

std::string Table::ToText(size_t width, bool bold) const {
  const size_t columns = rows_.front().size();
  std::vector<size_t> widths(columns, 0);
  for (const auto& row : rows_) {
    assert(row.size() == columns);
    for (size_t c = 0; c < columns; ++c) widths[c] = std::max(widths[c], Columns(row[c]));
  }
  std::string text;
  size_t first = 1;
  do {
    size_t used = widths[0];
    size_t last = first;
    while (last < columns && (width == 0 || last == first || used + kGap.size() + widths[last] <= width)) {
      used += kGap.size() + widths[last++];
    }
    for (size_t r = 0; r < rows_.size(); ++r) {
      const auto& row = rows_[r];
      std::string line = row[0];
      if (first < last) line.append(widths[0] - Columns(row[0]), ' ');
      for (size_t c = first; c < last; ++c) {
        const std::string padding(widths[c] - Columns(row[c]), ' ');
        line += kGap;
        if (c >= left_columns_) line += padding;
        line += row[c];
        if (c < left_columns_ && c + 1 < last) line += padding;
      }
      text += r == 0 && bold ? "\033[1m" + line + "\033[0m\n" : line + "\n";
    }
    first = last;
  } while (first < columns);
  return text;
}

std::string WorkloadTable(const WorkloadRun& run, const TableStyle& style) {
  double best = 0;
  for (const BackendRun& backend : run.backends) {
    if (!backend.noise_twin) best = std::max(best, backend.operations_per_second.median);
  }
  Table table({"backend", "ops/s", "CI", "of best", "p50 ns", "p99 ns", "p99.9 ns", "serialize", "write amp", "memory",
               "disk"});
  for (const BackendRun& backend : run.backends) table.AddRow(Row(backend, best));

  std::string text = style.colour ? "\033[1m" + run.name + "\033[0m" : run.name;
  text += ": ";
  if (run.events > 0) text += ShortNumber(static_cast<double>(run.events)) + " events, ";
  if (run.fill_operations > 0) {
    text += ShortNumber(static_cast<double>(run.fill_operations)) + " operations fill state, " +
            (run.fill_checkpoint == "none" ? "no checkpoint" : "checkpoint " + run.fill_checkpoint) +
            (run.fill_settled ? ", settled; then " : ", not settled; then ");
  }
  text += ShortNumber(static_cast<double>(run.operations)) + " operations, " +
          ShortNumber(static_cast<double>(run.entries)) + " entries at the end, state " +
          run.state_digest.substr(0, 12) + "\n";
  if (run.values_are_sizes) text += "values are made: the trace has their sizes alone, so what compresses differs\n";
  if (run.is_part) text += "a part of another trace: state that it expects from before is missing\n";
  text += table.ToText(style.width, style.colour);
  const double confidence = run.backends.front().operations_per_second.confidence;
  if (confidence > 0) text += "interval of " + Percent(confidence) + " confidence; ";
  text += "noise " + Percent(run.noise_floor_ratio) + "; harness " + Format("%.1f", run.harness_ns_per_operation) +
          " ns an operation\n";
  if (run.checkpoint_request.has_value()) text += CheckpointTable(run, style);
  if (run.ttl_request.has_value()) text += TtlTable(run, style);
  if (run.load_request.has_value()) text += LoadTable(run, style);
  return text;
}

}  // namespace kvstate::harness

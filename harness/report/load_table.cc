#include "harness/report/load_table.h"

#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace kvstate::harness {

namespace {

// As docs/metrics.md says: below that a backend does not keep up, above that the harness does not.
constexpr double kKeptUpRatio = 0.99;
constexpr double kFedLateRatio = 0.001;

const double* FindFigure(const Figures& figures, std::string_view name) {
  const auto found = figures.find(name);
  return found == figures.end() ? nullptr : &found->second;
}

std::string Shown(const double* value, std::string (*show)(double)) { return value == nullptr ? "–" : show(*value); }

std::string Percent(double ratio) {
  char text[32];
  std::snprintf(text, sizeof(text), ratio < 0.0995 ? "%.1f%%" : "%.0f%%", ratio * 100);
  return text;
}

std::string Decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

bool IsPaced(const LoadRequest& request) { return request.pace != "closed"; }

bool FallsBehind(const BackendRun& backend) {
  const double* ratio = FindFigure(backend.medians, "achieved_ratio");
  return ratio != nullptr && *ratio < kKeptUpRatio;
}

std::string Title(const LoadRequest& request) {
  std::string text = "load: ";
  if (request.pace == "closed") text += "each operation when the one before is done";
  if (request.pace == "trace") {
    text += request.speed == 1 ? "at the trace's time" : "at " + Decimal(request.speed) + " times the trace's speed";
  }
  if (request.pace == "rate") text += ShortNumber(request.rate) + " operations a second, " + request.arrivals;
  if (request.pace == "capacity") {
    text += "the highest rate, " + request.arrivals + ", with a response time of at most " +
            Decimal(request.latency_objective_ms) + " ms at " + request.latency_quantile;
  }
  if (request.parallelism > 1) text += "; " + std::to_string(request.parallelism) + " parallel instances";
  return text + "\n";
}

using Columns = std::vector<std::pair<std::string, std::string>>;  // Names and cells.

void AddResponse(const BackendRun& backend, Columns* columns) {
  const auto median = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.medians, figure), show);
  };
  columns->push_back({"resp p50", median("response_time_ns_p50", ShortTime)});
  columns->push_back({"resp p99", median("response_time_ns_p99", ShortTime)});
  columns->push_back({"resp p99.9", median("response_time_ns_p999", ShortTime)});
  columns->push_back({"resp max", median("response_time_ns_max", ShortTime)});
  columns->push_back({"late", median("late_ratio", Percent)});
  columns->push_back({"backlog", median("backlog_operations_max", ShortNumber)});
  columns->push_back({"busy", median("busy_ratio", Percent)});
  columns->push_back({"woken p99", median("wake_delay_ns_p99", ShortTime)});
}

Columns ColumnsOf(const LoadRequest& request, const BackendRun& backend) {
  const auto median = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.medians, figure), show);
  };
  const auto found = [&backend](std::string_view figure, std::string (*show)(double)) {
    return Shown(FindFigure(backend.probed, figure), show);
  };
  Columns columns = {{"backend", backend.backend}};
  if (request.pace == "capacity") {
    columns.push_back({"capacity/s", found("capacity_operations_per_second", ShortNumber)});
    columns.push_back({"failed at/s", found("capacity_failed_operations_per_second", ShortNumber)});
    columns.push_back({"of closed loop", found("capacity_ratio_to_closed_loop", Percent)});
    columns.push_back({"probes", found("capacity_probes", ShortNumber)});
  } else if (IsPaced(request)) {
    columns.push_back({"offered/s", median("offered_operations_per_second", ShortNumber)});
    columns.push_back({"achieved/s", median("achieved_operations_per_second", ShortNumber)});
    columns.push_back({"keeps up", FallsBehind(backend) ? "no" : "yes"});
  } else {
    columns.push_back({"ops/s", median("operations_per_second", ShortNumber)});
  }
  if (IsPaced(request)) AddResponse(backend, &columns);
  columns.push_back({"p50 ns", median("latency_ns_p50", ShortNumber)});
  columns.push_back({"p99 ns", median("latency_ns_p99", ShortNumber)});
  if (request.parallelism > 1) {
    columns.push_back({"instance ops/s min", median("instance_operations_per_second_min", ShortNumber)});
    columns.push_back({"max", median("instance_operations_per_second_max", ShortNumber)});
  }
  return columns;
}

/// What a reader must not overlook.
std::string Warnings(const LoadRequest& request, const BackendRun& backend) {
  std::string text;
  if (request.pace == "capacity") {
    if (FindFigure(backend.probed, "capacity_operations_per_second") == nullptr) {
      text += backend.backend + " keeps the objective at no rate that was tried; the row is of the lowest\n";
    }
  } else if (FallsBehind(backend)) {
    text += backend.backend + " cannot keep up: it did " + Percent(*FindFigure(backend.medians, "achieved_ratio")) +
            " of the offered rate\n";
  }
  const double* fed_late = FindFigure(backend.medians, "fed_late_ratio");
  if (fed_late != nullptr && *fed_late > kFedLateRatio) {
    text += backend.backend + ": " + Percent(*fed_late) +
            " of the operations were due before the harness had them ready; its response times are too long\n";
  }
  return text;
}

}  // namespace

std::string LoadTable(const WorkloadRun& run, const TableStyle& style) {
  const LoadRequest& request = *run.load_request;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::string warnings;
  for (const BackendRun& backend : run.load_runs) {
    header.clear();
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& [name, cell] : ColumnsOf(request, backend)) {
      header.push_back(name);
      row.push_back(cell);
    }
    warnings += Warnings(request, backend);
  }
  Table table(header);
  for (std::vector<std::string>& row : rows) table.AddRow(std::move(row));
  return Title(request) + table.ToText(style.width, style.colour) + warnings;
}

}  // namespace kvstate::harness

#include "harness/run/repetition_figures.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvstate::harness {

namespace {

void AddLatencyFigures(const Latencies& latencies, const TickClock& clock, Figures* figures) {
  static constexpr std::pair<std::string_view, double> kQuantiles[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}};
  Histogram all;
  for (const Histogram& of_operation : latencies) all.Merge(of_operation);
  for (const auto& [name, quantile] : kQuantiles) {
    (*figures)["latency_ns_" + std::string(name)] = clock.ToNanoseconds(all.Quantile(quantile));
  }
  for (size_t i = 1; i < kOperationLimit; ++i) {
    const uint64_t count = latencies[i].count();
    if (count == 0) continue;
    const std::string name(OperationName(static_cast<Operation>(i)));
    (*figures)["operations_" + name] = static_cast<double>(count);
    (*figures)["latency_ns_p50_" + name] = clock.ToNanoseconds(latencies[i].Quantile(0.5));
    (*figures)["latency_ns_p99_" + name] = clock.ToNanoseconds(latencies[i].Quantile(0.99));
  }
}

}  // namespace

Repetition RepetitionOf(const ReplayResult& replayed, const Latencies& latencies, const TickClock& clock) {
  Repetition repetition;
  repetition.operations = replayed.operations;
  repetition.time_ns = static_cast<double>(replayed.time_ns);
  repetition.cpu_ns = static_cast<double>(replayed.cpu_ns);
  repetition.figures["operations_per_second"] =
      static_cast<double>(replayed.operations) * 1e9 / std::max(1.0, repetition.time_ns);
  AddLatencyFigures(latencies, clock, &repetition.figures);
  return repetition;
}

void TakeMedians(BackendRun* backend) {
  std::map<std::string, std::vector<double>> samples;
  for (const Repetition& repetition : backend->repetitions) {
    for (const auto& [name, value] : repetition.figures) samples[name].push_back(value);
  }
  for (auto& [name, values] : samples) backend->medians[name] = Median(values);
  backend->operations_per_second = MedianWithInterval(samples["operations_per_second"]);
}

}  // namespace kvstate::harness

#include "harness/run/load_figures.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "harness/run/repetition_figures.h"

namespace kvstate::harness {

namespace {

constexpr double kNsOfSecond = 1e9;

double RateOver(const LoadResult& result, double time_ns) {
  // From the first to the last are as many gaps as operations less one.
  if (result.of_trace < 2 || time_ns <= 0) return 0;
  return static_cast<double>(result.of_trace - 1) * kNsOfSecond / time_ns;
}

double Share(uint64_t part, uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

void AddPaceFigures(const LoadResult& result, const TickClock& clock, Figures* figures) {
  static constexpr std::pair<std::string_view, double> kQuantiles[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}};
  Figures& f = *figures;
  for (const auto& [name, quantile] : kQuantiles) {
    f["response_time_ns_" + std::string(name)] = clock.ToNanoseconds(result.responses.Quantile(quantile));
  }
  if (result.wake_delays.count() > 0) {
    f["wake_delay_ns_p99"] = clock.ToNanoseconds(result.wake_delays.Quantile(0.99));
    f["wake_delay_ns_max"] = clock.ToNanoseconds(result.wake_delays.Quantile(1.0));
  }
  f["late_ratio"] = Share(result.late, result.operations);
  f["fed_late_ratio"] = Share(result.fed_late, result.operations);
  f["backlog_operations_max"] = static_cast<double>(result.backlog);
  f["busy_ratio"] = result.busy_ns() / std::max(1.0, result.achieved_ns * static_cast<double>(result.instances.size()));
  const double done_per_second =
      static_cast<double>(result.operations) * kNsOfSecond / std::max(1.0, result.achieved_ns);
  const double offered = OfferedRate(result);
  if (result.given_up || offered == 0) {
    f["operations_per_second"] = done_per_second;
    return;
  }
  f["offered_operations_per_second"] = offered;
  f["achieved_operations_per_second"] = AchievedRate(result);
  f["achieved_ratio"] = AchievedRate(result) / offered;
  f["operations_per_second"] = AchievedRate(result);
}

void AddInstanceFigures(const LoadResult& result, Figures* figures) {
  double least = 1e300;
  double most = 0;
  uint64_t least_operations = UINT64_MAX;
  uint64_t most_operations = 0;
  for (const InstanceResult& instance : result.instances) {
    least_operations = std::min(least_operations, instance.operations);
    most_operations = std::max(most_operations, instance.operations);
    if (instance.operations == 0) continue;
    const double rate = static_cast<double>(instance.operations) * kNsOfSecond / std::max(1.0, instance.busy_ns);
    least = std::min(least, rate);
    most = std::max(most, rate);
  }
  (*figures)["instance_operations_min"] = static_cast<double>(least_operations);
  (*figures)["instance_operations_max"] = static_cast<double>(most_operations);
  (*figures)["instance_operations_per_second_min"] = std::min(least, most);
  (*figures)["instance_operations_per_second_max"] = most;
}

}  // namespace

double OfferedRate(const LoadResult& result) { return RateOver(result, result.offered_ns); }
double AchievedRate(const LoadResult& result) { return RateOver(result, result.achieved_ns); }

Repetition LoadRepetitionOf(const LoadResult& result, const TickClock& clock) {
  ReplayResult replayed;
  replayed.operations = result.operations;
  replayed.hits = result.hits;
  replayed.time_ns = static_cast<uint64_t>(result.paced ? result.busy_ns() : result.longest_busy_ns());
  replayed.cpu_ns = static_cast<uint64_t>(result.cpu_ns);
  Repetition repetition = RepetitionOf(replayed, result.latencies, clock);
  if (result.paced) AddPaceFigures(result, clock, &repetition.figures);
  if (result.instances.size() > 1) AddInstanceFigures(result, &repetition.figures);
  return repetition;
}

}  // namespace kvstate::harness

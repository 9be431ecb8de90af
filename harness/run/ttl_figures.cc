#include "harness/run/ttl_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "harness/report/statistics.h"
#include "harness/run/ttl_cleanup.h"

namespace kvstate::harness {

namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

void AddRatio(const std::string& name, double numerator, double denominator, Figures* figures) {
  if (denominator > 0) (*figures)[name] = numerator / denominator;
}

/// Values that left storage, or the end of the trace, so long after they had expired.
struct Lag {
  int64_t ms = 0;
  uint64_t values = 0;
};

/// From the moment at which values had first expired to the first at which they are no longer stored. What is stored to
/// the end has the time to there.
std::vector<Lag> LagsOf(const std::vector<TtlMoment>& moments, const std::vector<StoredAtMoment>& stored) {
  std::vector<Lag> lags;
  for (size_t expired = 0; expired < moments.size(); ++expired) {
    uint64_t left = moments[expired].values_expired;
    for (size_t at = expired; at < moments.size() && left > 0; ++at) {
      const uint64_t still = std::min(left, (*stored[at].expired_of_moment)[expired]);
      const int64_t ms = moments[at].time_ms - moments[expired].time_ms;
      if (left > still) lags.push_back({ms, left - still});
      left = still;
    }
    if (left > 0) lags.push_back({moments.back().time_ms - moments[expired].time_ms, left});
  }
  std::sort(lags.begin(), lags.end(), [](const Lag& a, const Lag& b) { return a.ms < b.ms; });
  return lags;
}

/// The least lag that a share `quantile` of the values does not exceed.
double LagAt(const std::vector<Lag>& lags, double quantile) {
  uint64_t values = 0;
  for (const Lag& lag : lags) values += lag.values;
  const double rank = std::max(1.0, std::ceil(quantile * Number(values)));
  uint64_t seen = 0;
  for (const Lag& lag : lags) {
    seen += lag.values;
    if (Number(seen) >= rank) return static_cast<double>(lag.ms);
  }
  return 0;
}

void AddLags(const std::vector<TtlMoment>& moments, const std::vector<StoredAtMoment>& stored, Figures* figures) {
  // Where nothing expires, nothing is late.
  for (const StoredAtMoment& of_moment : stored) {
    if (!of_moment.expired_of_moment.has_value()) return;
  }
  const std::vector<Lag> lags = LagsOf(moments, stored);
  if (lags.empty()) return;
  (*figures)["ttl_lag_ms_p50"] = LagAt(lags, 0.5);
  (*figures)["ttl_lag_ms_p99"] = LagAt(lags, 0.99);
  (*figures)["ttl_lag_ms_max"] = LagAt(lags, 1);
}

const BackendRun* FindRun(const std::vector<BackendRun>& runs, std::string_view backend, TtlStrategy strategy) {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const BackendRun& run) {
    return run.backend == backend && run.ttl_cleanup == TtlStrategyName(strategy);
  });
  return found == runs.end() ? nullptr : &*found;
}

/// `name` of each repetition of `run` ÷ that of the other's in the same round; the median.
std::optional<double> RatioByRound(const BackendRun& run, const BackendRun& other, std::string_view name) {
  std::vector<double> ratios;
  for (size_t i = 0; i < run.repetitions.size() && i < other.repetitions.size(); ++i) {
    const auto of_run = run.repetitions[i].figures.find(name);
    const auto of_other = other.repetitions[i].figures.find(name);
    if (of_run == run.repetitions[i].figures.end() || of_other == other.repetitions[i].figures.end()) continue;
    if (of_other->second > 0) ratios.push_back(of_run->second / of_other->second);
  }
  if (ratios.empty()) return std::nullopt;
  return Median(ratios);
}

void AddRatiosTo(const BackendRun& other, const std::string& suffix, BackendRun* run) {
  std::vector<double> processor;
  for (size_t i = 0; i < run->repetitions.size() && i < other.repetitions.size(); ++i) {
    if (other.repetitions[i].cpu_ns > 0) {
      processor.push_back(run->repetitions[i].cpu_ns / other.repetitions[i].cpu_ns);
    }
  }
  if (!processor.empty()) run->medians["cpu_time_ratio_to_" + suffix] = Median(processor);
  for (const std::string_view name : {"operations_per_second", "latency_ns_p99"}) {
    if (const auto ratio = RatioByRound(*run, other, name)) {
      run->medians[std::string(name) + "_ratio_to_" + suffix] = *ratio;
    }
  }
  for (const std::string_view name : {"compaction_bytes_written", "compaction_time_ns", "storage_bytes_written"}) {
    const auto of_run = run->probed.find(name);
    const auto of_other = other.probed.find(name);
    if (of_run == run->probed.end() || of_other == other.probed.end()) continue;
    AddRatio(std::string(name) + "_ratio_to_" + suffix, of_run->second, of_other->second, &run->probed);
  }
}

}  // namespace

std::vector<Figures> TtlMomentFigures(const std::vector<TtlMoment>& moments,
                                      const std::vector<StoredAtMoment>& stored) {
  std::vector<Figures> all;
  for (size_t i = 0; i < moments.size(); ++i) {
    Figures& figures = all.emplace_back();
    figures["operations"] = Number(moments[i].operations);
    figures["time_ms"] = static_cast<double>(moments[i].time_ms);
    figures["values_expired"] = Number(moments[i].values_expired);
    figures["live_values"] = Number(stored[i].live_values);
    figures["live_bytes"] = Number(stored[i].live_bytes);
    figures["expired_values"] = Number(stored[i].expired_values);
    figures["expired_bytes"] = Number(stored[i].expired_bytes);
    if (stored[i].disk_bytes.has_value()) figures["disk_bytes"] = Number(*stored[i].disk_bytes);
  }
  return all;
}

void AddStoredFigures(const std::vector<TtlMoment>& moments, const std::vector<StoredAtMoment>& stored,
                      Figures* figures) {
  Figures& f = *figures;
  // By then a stream of several times to live is steady.
  const size_t steady = moments.size() / 2;
  double live_values = 0;
  double live_bytes = 0;
  double expired_values = 0;
  double expired_bytes = 0;
  double worst = 0;
  double untimed_bytes = 0;
  double all_live_values = 0;
  double all_live_bytes = 0;
  for (size_t i = 0; i < moments.size(); ++i) {
    all_live_values += Number(stored[i].live_values);
    all_live_bytes += Number(stored[i].live_bytes);
    untimed_bytes += Number(moments[i].live_bytes);
    if (i < steady) continue;
    live_values += Number(stored[i].live_values);
    live_bytes += Number(stored[i].live_bytes);
    expired_values += Number(stored[i].expired_values);
    expired_bytes += Number(stored[i].expired_bytes);
    if (stored[i].live_bytes > 0) {
      worst = std::max(worst, Number(stored[i].expired_bytes) / Number(stored[i].live_bytes));
    }
  }
  AddRatio("ttl_expired_values_ratio", expired_values, live_values, figures);
  AddRatio("ttl_expired_bytes_ratio", expired_bytes, live_bytes, figures);
  if (live_bytes > 0) f["ttl_expired_bytes_ratio_max"] = worst;
  f["ttl_live_values_end"] = Number(stored.back().live_values);
  f["ttl_live_bytes_end"] = Number(stored.back().live_bytes);
  f["ttl_expired_values_end"] = Number(stored.back().expired_values);
  f["ttl_expired_bytes_end"] = Number(stored.back().expired_bytes);
  if (stored.back().expired_of_moment.has_value() && all_live_values > 0) {
    f["ttl_time_bytes_per_value"] = std::max(0.0, all_live_bytes - untimed_bytes) / all_live_values;
    AddRatio("ttl_time_bytes_ratio", std::max(0.0, all_live_bytes - untimed_bytes), untimed_bytes, figures);
  }
  AddLags(moments, stored, figures);
}

void AddCleanupFigures(const std::vector<TtlFigures>& cleanup, Figures* figures) {
  Figures& f = *figures;
  for (const TtlFigures& of_state : cleanup) {
    f["ttl_entries_examined"] += Number(of_state.entries_examined);
    f["ttl_entries_removed"] += Number(of_state.entries_removed);
    f["ttl_passes"] += Number(of_state.passes);
    f["ttl_cleanup_time_ns"] += Number(of_state.cleanup_time_ns);
    const std::pair<std::string_view, std::optional<uint64_t>> optional[] = {
        {"ttl_filter_entries_examined", of_state.filter_entries_examined},
        {"ttl_filter_entries_removed", of_state.filter_entries_removed},
        {"ttl_sweep_compactions", of_state.sweep_compactions},
        {"ttl_sweep_bytes_written", of_state.sweep_bytes_written}};
    for (const auto& [name, value] : optional) {
      if (value.has_value()) f[std::string(name)] += Number(*value);
    }
  }
}

void AddTtlRatios(std::vector<BackendRun>* runs) {
  for (BackendRun& run : *runs) {
    for (const TtlStrategy strategy : {TtlStrategy::kNoTtl, TtlStrategy::kNoCleanup}) {
      const BackendRun* other = FindRun(*runs, run.backend, strategy);
      if (other == nullptr || other == &run) continue;
      AddRatiosTo(*other, std::string(TtlStrategyName(strategy)), &run);
    }
  }
}

}  // namespace kvstate::harness

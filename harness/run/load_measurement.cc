#include "harness/run/load_measurement.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "harness/run/load_figures.h"
#include "harness/run/record_workload.h"
#include "harness/run/repetition_figures.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/key_group.h"

namespace kvstate::harness {

namespace {

constexpr double kNsOfMillisecond = 1e6;
constexpr double kNsOfSecond = 1e9;
constexpr double kProbeSeconds = 1;
// So long that a backend which falls behind by more than the precision of the search is over the objective.
constexpr double kProbeObjectives = 30;
// Of a probe: with the length above, about an objective.
constexpr double kMayBeBehindRatio = 0.03;
// Beyond the quantile, so that it is one of many and not of a few.
constexpr double kProbeOperationsBeyond = 100;
constexpr uint64_t kMostPasses = 1000;
constexpr uint64_t kStepsOfSearch = 12;
/// The option of engines that is a budget of the machine: instances share it.
constexpr const char* kMemoryBudget = "managed_memory_bytes";

std::map<std::string, std::string> Shared(std::map<std::string, std::string> options, uint32_t parallelism) {
  const auto budget = options.find(kMemoryBudget);
  if (budget == options.end()) return options;
  uint64_t bytes = 0;
  const std::string& text = budget->second;
  // What is no number is for the engine to refuse.
  if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec == std::errc()) {
    budget->second = std::to_string(bytes / parallelism);
  }
  return options;
}

std::string Rate(double rate) { return std::to_string(std::llround(rate)) + " operations a second"; }

}  // namespace

uint64_t LoadMeasurement::Steps(const MeasurementContext& context, const LoadSettings& settings) {
  return context.backends.size() * (settings.capacity.has_value() ? kStepsOfSearch : context.repetitions);
}

Status LoadMeasurement::Step(const WorkloadRun& run, const BackendRun& backend, const std::string& what) {
  if (context_.stopped()) return CancelledError("interrupted");
  context_.progress.BeginStep(run.name + ": " + backend.backend + ", " + what);
  return Status();
}

void LoadMeasurement::Describe(WorkloadRun* run) const {
  LoadRequest& request = run->load_request.emplace();
  request.parallelism = settings_.parallelism;
  const bool searches = settings_.capacity.has_value();
  const PaceSettings& pace = settings_.pace;
  request.pace = searches                     ? "capacity"
                 : pace.pace == Pace::kClosed ? "closed"
                 : pace.pace == Pace::kTrace  ? "trace"
                                              : "rate";
  if (searches || pace.pace == Pace::kRate) {
    request.arrivals = pace.poisson ? "poisson" : "constant";
    request.seed = pace.seed;
  }
  if (searches) {
    request.latency_objective_ms = settings_.capacity->latency_ms;
    request.latency_quantile = settings_.capacity->quantile;
    return;
  }
  if (pace.pace == Pace::kTrace) request.speed = pace.speed;
  if (pace.pace == Pace::kRate) request.rate = pace.rate;
}

Status LoadMeasurement::Run(WorkloadRun* run) {
  if (settings_.parallelism > trace_.header().max_parallelism) {
    return InvalidArgumentError("'" + run->name + "' has " + std::to_string(trace_.header().max_parallelism) +
                                " key groups, which are too few for " + std::to_string(settings_.parallelism) +
                                " parallel instances");
  }
  Describe(run);
  run->load_runs.clear();
  for (const BackendChoice& choice : context_.backends) {
    BackendRun& backend = run->load_runs.emplace_back();
    backend.backend = choice.name;
    backend.engine_options = choice.engine_options;
    backend.load = settings_.capacity.has_value() ? "capacity" : "load";
    backend.threads = settings_.parallelism;
  }
  KVSTATE_RETURN_IF_ERROR(settings_.capacity.has_value() ? FindCapacities(run) : Repeat(run));
  for (BackendRun& backend : run->load_runs) TakeMedians(&backend);
  return Status();
}

Status LoadMeasurement::Repeat(WorkloadRun* run) {
  const size_t participants = run->load_runs.size();
  for (uint64_t round = 0; round < context_.repetitions; ++round) {
    for (size_t turn = 0; turn < participants; ++turn) {
      BackendRun& backend = run->load_runs[(round + turn) % participants];
      KVSTATE_RETURN_IF_ERROR(
          Step(*run, backend,
               "under load, repetition " + std::to_string(round + 1) + " of " + std::to_string(context_.repetitions)));
      KVSTATE_ASSIGN_OR_RETURN(const LoadResult result, Replay(settings_.pace, {}, *run, backend));
      if (settings_.pace.pace == Pace::kTrace && result.offered_ns == 0) {
        return InvalidArgumentError("'" + run->name +
                                    "': the trace's time stands still, so it sets no pace; give a rate");
      }
      backend.repetitions.push_back(LoadRepetitionOf(result, context_.clock));
    }
  }
  return Status();
}

Result<LoadMeasurement::Instances> LoadMeasurement::Make(const BackendRun& backend) {
  const TraceHeader& header = trace_.header();
  const BackendChoice choice{backend.backend, Shared(backend.engine_options, settings_.parallelism)};
  Instances made;
  for (uint32_t i = 0; i < settings_.parallelism; ++i) {
    made.clocks.push_back(std::make_shared<ManualClock>());
    KVSTATE_ASSIGN_OR_RETURN(
        auto instance,
        MakeBackend(context_.registry, choice, header.key_serializer, header.max_parallelism, context_.directory,
                    made.clocks.back(), KeyGroupRangeOf(header.max_parallelism, settings_.parallelism, i)));
    made.backends.push_back(std::move(instance));
  }
  if (settings_.parallelism > 1) {
    KVSTATE_ASSIGN_OR_RETURN(made.timers,
                             MakeBackend(context_.registry, {std::string(kRecordingBackend), {}}, header.key_serializer,
                                         header.max_parallelism, context_.directory));
  }
  return made;
}

Result<LoadResult> LoadMeasurement::Replay(const PaceSettings& pace, const Course& course, const WorkloadRun& run,
                                           const BackendRun& backend) {
  KVSTATE_ASSIGN_OR_RETURN(const Instances instances, Make(backend));
  LoadRunOptions options;
  options.pace = pace;
  for (size_t i = 0; i < instances.backends.size(); ++i) {
    options.targets.push_back({instances.backends[i].get(), instances.clocks[i].get()});
  }
  options.timers = instances.timers.get();
  options.clock = &context_.clock;
  options.stopped = context_.stopped;
  options.progress = [this, &run](uint64_t fed) { context_.progress.Update(fed, run.operations); };
  options.behind_ns = course.behind_ns;
  options.response_limit_ns = course.response_limit_ns;
  options.over_most = course.over_most;
  std::vector<std::unique_ptr<SteadyState>> filled;
  options.filled = [&]() -> Status {
    for (const auto& instance : instances.backends) {
      filled.push_back(std::make_unique<SteadyState>(steady_state_, &context_.directory, context_.stopped));
      KVSTATE_RETURN_IF_ERROR(filled.back()->Reach(*instance));
    }
    return Status();
  };
  KVSTATE_ASSIGN_OR_RETURN(LoadResult result, RunLoad(trace_, options));
  if (!result.given_up) KVSTATE_RETURN_IF_ERROR(CheckAnswers(instances, result, run, backend));
  for (const auto& instance : instances.backends) KVSTATE_RETURN_IF_ERROR(instance->Dispose());
  return result;
}

Status LoadMeasurement::CheckAnswers(const Instances& instances, const LoadResult& result, const WorkloadRun& run,
                                     const BackendRun& backend) const {
  StateDigest state;
  for (const auto& instance : instances.backends) {
    KVSTATE_ASSIGN_OR_RETURN(const StateDigest part, DigestOfState(*instance, trace_.states(), context_.stopped));
    state += part;
  }
  std::string differs;
  if (state.digest.ToHex() != run.state_digest || state.entries != run.entries) {
    differs = "its final state is " + state.digest.ToHex() + " over " + std::to_string(state.entries) +
              " entries, where it should be " + run.state_digest + " over " + std::to_string(run.entries);
  } else if (result.operations == result.of_trace && !ReadsDependOnCleanup(trace_.states()) &&
             result.hits != run.hits) {
    // Of a walk that each instance does its part of, one that stopped early gives more.
    differs = "its reads found " + std::to_string(result.hits) + ", where they should find " + std::to_string(run.hits);
  }
  if (differs.empty()) return Status();
  return Status(StatusCode::kAborted, "verification failed: workload '" + run.name + "' on backend '" +
                                          backend.backend + "' under load, with parallelism " +
                                          std::to_string(settings_.parallelism) + ": " + differs);
}

Result<double> LoadMeasurement::ClosedLoopRate(const WorkloadRun& run, const BackendRun& backend) {
  if (settings_.parallelism == 1) {
    for (const BackendRun& measured : run.backends) {
      if (measured.backend == backend.backend) return measured.operations_per_second.median;
    }
  }
  KVSTATE_RETURN_IF_ERROR(Step(run, backend, "closed loop"));
  KVSTATE_ASSIGN_OR_RETURN(const LoadResult result, Replay(PaceSettings(), {}, run, backend));
  return LoadRepetitionOf(result, context_.clock).figures["operations_per_second"];
}

Result<RateProbe> LoadMeasurement::Probe(double rate, const WorkloadRun& run, const BackendRun& backend,
                                         Repetition* repetition) {
  KVSTATE_RETURN_IF_ERROR(Step(run, backend, Rate(rate)));
  KVSTATE_ASSIGN_OR_RETURN(const double quantile, ParseQuantile(settings_.capacity->quantile));
  const double objective_ns = settings_.capacity->latency_ms * kNsOfMillisecond;
  const auto per_pass = static_cast<double>(run.operations);
  const double seconds = std::max(kProbeSeconds, kProbeObjectives * objective_ns / kNsOfSecond);
  const double wanted = std::max(rate * seconds, kProbeOperationsBeyond / (1 - quantile));
  const auto passes = static_cast<uint64_t>(std::ceil(wanted / per_pass));
  if (passes > kMostPasses) {
    return InvalidArgumentError("'" + run.name + "' is too short for a capacity search: to tell what becomes of " +
                                Rate(rate) + " takes " + std::to_string(passes) + " replays of it, more than " +
                                std::to_string(kMostPasses) + "; record a longer one");
  }
  // Once so many are over, the quantile is, whatever follows.
  const auto may_be_over = static_cast<uint64_t>((1 - quantile) * per_pass * static_cast<double>(passes));
  PaceSettings pace = settings_.pace;
  pace.pace = Pace::kRate;
  pace.rate = rate;
  const double gap_ns = kNsOfSecond / rate;
  LoadResult result;
  for (uint64_t pass = 0; pass < passes && !result.given_up; ++pass) {
    pace.seed = settings_.pace.seed + pass;
    const Course course{result.behind_ns(gap_ns), objective_ns, may_be_over - std::min(may_be_over, result.over_limit)};
    KVSTATE_ASSIGN_OR_RETURN(const LoadResult replayed, Replay(pace, course, run, backend));
    result.Append(replayed, gap_ns);
  }
  RateProbe probe;
  if (!result.given_up) {
    probe.response_ns = context_.clock.ToNanoseconds(result.responses.Quantile(quantile));
    const double may_be_behind_ns = std::max(objective_ns, kMayBeBehindRatio * result.offered_ns);
    probe.holds = probe.response_ns <= objective_ns && result.behind_ns(gap_ns) <= may_be_behind_ns;
  }
  *repetition = LoadRepetitionOf(result, context_.clock);
  return probe;
}

Status LoadMeasurement::FindCapacityOf(const WorkloadRun& run, BackendRun* backend) {
  KVSTATE_ASSIGN_OR_RETURN(const double closed, ClosedLoopRate(run, *backend));
  const double objective_ns = settings_.capacity->latency_ms * kNsOfMillisecond;
  std::map<double, Repetition> held;
  Repetition last;
  const auto probe = [&](double rate) -> Result<RateProbe> {
    KVSTATE_ASSIGN_OR_RETURN(const RateProbe probed, Probe(rate, run, *backend, &last));
    if (probed.holds) held[rate] = last;
    return probed;
  };
  KVSTATE_ASSIGN_OR_RETURN(const Capacity capacity, FindCapacity(closed, objective_ns, probe));
  // Where no rate held, the row shows how far the last one was from it.
  backend->repetitions.assign(1, capacity.held > 0 ? held[capacity.held] : last);
  Figures& figures = backend->probed;
  if (capacity.held > 0) {
    figures["capacity_operations_per_second"] = capacity.held;
    figures["capacity_ratio_to_closed_loop"] = capacity.held / closed;
  }
  if (capacity.failed > 0) figures["capacity_failed_operations_per_second"] = capacity.failed;
  figures["capacity_probes"] = static_cast<double>(capacity.probes);
  figures["closed_loop_operations_per_second"] = closed;
  return Status();
}

Status LoadMeasurement::FindCapacities(WorkloadRun* run) {
  for (BackendRun& backend : run->load_runs) KVSTATE_RETURN_IF_ERROR(FindCapacityOf(*run, &backend));
  return Status();
}

}  // namespace kvstate::harness

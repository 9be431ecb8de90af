#include "harness/cli/load_flags.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace kvstate::cli {

namespace {

std::string ShortText(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  return {text, end.ptr};
}

Result<double> NumberOf(const char* flag, std::string_view text, double least, double most, const char* unit) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  // Not a number is neither at least nor at most anything.
  if (whole && value >= least && value <= most) return value;
  return InvalidArgumentError(std::string(flag) + ": '" + std::string(text) + "' is not a number of " + unit +
                              " from " + ShortText(least) + " to " + ShortText(most));
}

Status ApplySpeed(const std::string& speed, harness::PaceSettings* pace) {
  if (speed.empty() || speed == "max") return Status();
  pace->pace = harness::Pace::kTrace;
  if (speed == "real") return Status();
  if (!speed.starts_with('x')) {
    return InvalidArgumentError("--speed: '" + speed + "' is not max, real or x<number>, such as x10");
  }
  KVSTATE_ASSIGN_OR_RETURN(pace->speed, NumberOf("--speed", std::string_view(speed).substr(1), harness::kLeastSpeed,
                                                 harness::kMostSpeed, "times the trace's time"));
  return Status();
}

Status ApplyArrivals(const LoadFlags& flags, harness::PaceSettings* pace) {
  if (flags.arrivals.empty()) return Status();
  if (flags.arrivals != "constant" && flags.arrivals != "poisson") {
    return InvalidArgumentError("--arrivals: '" + flags.arrivals + "' is not constant or poisson");
  }
  if (flags.rate.empty() && !flags.find_capacity) {
    return InvalidArgumentError("--arrivals: operations arrive by themselves with --rate and --find_capacity alone");
  }
  pace->poisson = flags.arrivals == "poisson";
  return Status();
}

Status ApplyCapacity(const LoadFlags& flags, harness::LoadSettings* settings) {
  if (!flags.find_capacity) {
    const bool objective = !flags.latency_objective_ms.empty();
    if (!objective && flags.latency_quantile.empty()) return Status();
    return InvalidArgumentError(std::string(objective ? "--latency_objective_ms" : "--latency_quantile") +
                                ": is for --find_capacity");
  }
  if (!flags.rate.empty()) return InvalidArgumentError("--find_capacity looks for the rate; leave out --rate");
  if (settings->pace.pace == harness::Pace::kTrace) {
    return InvalidArgumentError("--find_capacity looks for the rate; leave out --speed");
  }
  if (flags.latency_objective_ms.empty()) {
    return InvalidArgumentError("--find_capacity needs an objective: --latency_objective_ms=…");
  }
  harness::CapacityObjective& objective = settings->capacity.emplace();
  KVSTATE_ASSIGN_OR_RETURN(objective.latency_ms,
                           NumberOf("--latency_objective_ms", flags.latency_objective_ms, harness::kLeastObjectiveMs,
                                    harness::kMostObjectiveMs, "milliseconds"));
  if (!flags.latency_quantile.empty()) objective.quantile = flags.latency_quantile;
  return harness::ParseQuantile(objective.quantile).status().WithContext("--latency_quantile");
}

}  // namespace

Result<std::optional<harness::LoadSettings>> LoadOf(const LoadFlags& flags, uint32_t most_instances) {
  harness::LoadSettings settings;
  settings.pace.seed = flags.seed;
  KVSTATE_RETURN_IF_ERROR(ApplySpeed(flags.speed, &settings.pace));
  if (!flags.rate.empty()) {
    if (settings.pace.pace == harness::Pace::kTrace) {
      return InvalidArgumentError("--rate and --speed: give one of them");
    }
    KVSTATE_ASSIGN_OR_RETURN(settings.pace.rate, NumberOf("--rate", flags.rate, harness::kLeastRate, harness::kMostRate,
                                                          "operations a second"));
    settings.pace.pace = harness::Pace::kRate;
  }
  KVSTATE_RETURN_IF_ERROR(ApplyArrivals(flags, &settings.pace));
  KVSTATE_RETURN_IF_ERROR(ApplyCapacity(flags, &settings));
  settings.parallelism = std::max(flags.parallelism, 1u);
  most_instances = std::min(most_instances, harness::kMostInstances);
  if (settings.parallelism > most_instances) {
    return InvalidArgumentError("--parallelism: " + std::to_string(settings.parallelism) +
                                " instances are more than there can be: " + std::to_string(most_instances) +
                                (most_instances < harness::kMostInstances ? ", one for each key group" : ""));
  }
  const bool plain =
      settings.pace.pace == harness::Pace::kClosed && settings.parallelism == 1 && !settings.capacity.has_value();
  if (plain) return std::optional<harness::LoadSettings>();
  return std::optional<harness::LoadSettings>(settings);
}

}  // namespace kvstate::cli

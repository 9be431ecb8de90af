#include "harness/load/load_spec.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace kvstate::harness {

namespace {

std::string ShortText(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  return {text, end.ptr};
}

/// A spec while it is read: makes errors that call things as who wrote it does.
class SpecReader {
 public:
  SpecReader(const LoadSpec& spec, const std::string& prefix) : spec_(spec), prefix_(prefix) {}

  Result<LoadSettings> Read(uint32_t most_instances) {
    LoadSettings settings;
    settings.pace.seed = spec_.seed;
    KVSTATE_RETURN_IF_ERROR(ReadSpeed(&settings.pace));
    KVSTATE_RETURN_IF_ERROR(ReadRate(&settings.pace));
    KVSTATE_RETURN_IF_ERROR(ReadArrivals(&settings.pace));
    KVSTATE_RETURN_IF_ERROR(ReadCapacity(&settings));
    settings.parallelism = std::max(spec_.parallelism, 1u);
    most_instances = std::min(most_instances, kMostInstances);
    if (settings.parallelism <= most_instances) return settings;
    return InvalidArgumentError(Name("parallelism") + ": " + std::to_string(settings.parallelism) +
                                " instances are more than there can be: " + std::to_string(most_instances) +
                                (most_instances < kMostInstances ? ", one for each key group" : ""));
  }

 private:
  std::string Name(const char* name) const { return prefix_ + name; }

  Result<double> NumberOf(const char* name, std::string_view text, double least, double most, const char* unit) const {
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    // Not a number is neither at least nor at most anything.
    if (whole && value >= least && value <= most) return value;
    return InvalidArgumentError(Name(name) + ": '" + std::string(text) + "' is not a number of " + unit + " from " +
                                ShortText(least) + " to " + ShortText(most));
  }

  Status ReadSpeed(PaceSettings* pace) const {
    const std::string& speed = spec_.speed;
    if (speed.empty() || speed == "max") return Status();
    pace->pace = Pace::kTrace;
    if (speed == "real") return Status();
    if (!speed.starts_with('x')) {
      return InvalidArgumentError(Name("speed") + ": '" + speed + "' is not max, real or x<number>, such as x10");
    }
    KVSTATE_ASSIGN_OR_RETURN(pace->speed, NumberOf("speed", std::string_view(speed).substr(1), kLeastSpeed, kMostSpeed,
                                                   "times the trace's time"));
    return Status();
  }

  Status ReadRate(PaceSettings* pace) const {
    if (spec_.rate.empty()) return Status();
    if (pace->pace == Pace::kTrace) {
      return InvalidArgumentError(Name("rate") + " and " + Name("speed") + ": give one of them");
    }
    KVSTATE_ASSIGN_OR_RETURN(pace->rate, NumberOf("rate", spec_.rate, kLeastRate, kMostRate, "operations a second"));
    pace->pace = Pace::kRate;
    return Status();
  }

  Status ReadArrivals(PaceSettings* pace) const {
    if (spec_.arrivals.empty()) return Status();
    if (spec_.arrivals != "constant" && spec_.arrivals != "poisson") {
      return InvalidArgumentError(Name("arrivals") + ": '" + spec_.arrivals + "' is not constant or poisson");
    }
    if (spec_.rate.empty() && !spec_.find_capacity) {
      return InvalidArgumentError(Name("arrivals") + ": operations arrive by themselves with " + Name("rate") +
                                  " and " + Name("find_capacity") + " alone");
    }
    pace->poisson = spec_.arrivals == "poisson";
    return Status();
  }

  Status ReadCapacity(LoadSettings* settings) const {
    if (!spec_.find_capacity) {
      const bool objective = !spec_.latency_objective_ms.empty();
      if (!objective && spec_.latency_quantile.empty()) return Status();
      return InvalidArgumentError(Name(objective ? "latency_objective_ms" : "latency_quantile") + ": is for " +
                                  Name("find_capacity"));
    }
    const char* other = !spec_.rate.empty() ? "rate" : settings->pace.pace == Pace::kTrace ? "speed" : nullptr;
    if (other != nullptr) {
      return InvalidArgumentError(Name("find_capacity") + " looks for the rate; leave out " + Name(other));
    }
    if (spec_.latency_objective_ms.empty()) {
      return InvalidArgumentError(Name("find_capacity") + " needs an objective: " + Name("latency_objective_ms"));
    }
    CapacityObjective& objective = settings->capacity.emplace();
    KVSTATE_ASSIGN_OR_RETURN(objective.latency_ms, NumberOf("latency_objective_ms", spec_.latency_objective_ms,
                                                            kLeastObjectiveMs, kMostObjectiveMs, "milliseconds"));
    if (!spec_.latency_quantile.empty()) objective.quantile = spec_.latency_quantile;
    return ParseQuantile(objective.quantile).status().WithContext(Name("latency_quantile"));
  }

  const LoadSpec& spec_;
  const std::string& prefix_;
};

}  // namespace

Result<std::optional<LoadSettings>> LoadOf(const LoadSpec& spec, uint32_t most_instances, const std::string& prefix) {
  KVSTATE_ASSIGN_OR_RETURN(const LoadSettings settings, SpecReader(spec, prefix).Read(most_instances));
  const bool plain = settings.pace.pace == Pace::kClosed && settings.parallelism == 1 && !settings.capacity.has_value();
  if (plain) return std::optional<LoadSettings>();
  return std::optional<LoadSettings>(settings);
}

}  // namespace kvstate::harness

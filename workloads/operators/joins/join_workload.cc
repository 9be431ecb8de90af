#include "workloads/operators/joins/join_workload.h"

#include <utility>

#include "workloads/sources/synthetic_source.h"

namespace kvstate::workloads {
namespace {

constexpr uint64_t kMaxRetractableRows = 100'000'000;

}  // namespace

Status CheckJoinStream(const Event& event, bool retractions) {
  const uint32_t last = retractions ? kRightRetractions : kRightRows;
  if (event.stream <= last) [[likely]]
    return Status();
  return InvalidArgumentError("an event of stream " + std::to_string(event.stream) +
                              ": this join takes 0 (left) and 1 (right)" +
                              (retractions ? ", 2 (left, retracted) and 3 (right, retracted)" : ""));
}

WorkloadSpec MakeJoinWorkload(std::string name, std::string description, const JoinSource& source,
                              std::vector<ParameterSpec> operator_parameters,
                              std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator) {
  Parameters defaults = source.defaults;
  std::string right_percent = "50";
  if (auto found = defaults.extract("right_percent"); !found.empty()) right_percent = found.mapped();
  WorkloadSpec spec = MakeWorkload(std::move(name), std::move(description), defaults, std::move(operator_parameters),
                                   std::move(make_operator));
  spec.source_parameters.push_back({"right_percent", right_percent,
                                    std::string("Share of the events that are of the right stream, 0 to 100 percent") +
                                        (source.fills_right ? "; those of fill all are" : "")});
  if (source.retracts) {
    spec.source_parameters.push_back(
        {"retract_percent", "0",
         "Share of the events that take back an earlier row of their stream, 0 to 100 percent"});
    spec.source_parameters.push_back(
        {"retractable_rows", "100000",
         "Rows, drawn among all before, of which one is taken back, 1 to 10^8; the source has them in memory"});
  }
  spec.make_source = [workload = spec.name, specs = spec.source_parameters, fills_right = source.fills_right,
                      retracts = source.retracts](const Parameters& parameters,
                                                  uint64_t seed) -> Result<std::unique_ptr<EventSource>> {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<EventSource> rows, MakeSyntheticSource(workload, specs, parameters, seed));
    ParameterReader reader("source of workload " + workload, specs, parameters);
    TwoSidedOptions options;
    if (fills_right && reader.Choice("fill", {"no", "yes"}) == 1) {
      options.right_events = reader.Count("keys", 1, UINT64_MAX >> 1);
    }
    options.right_share = reader.Real("right_percent", 0, 100) / 100;
    if (retracts) {
      options.retract_share = reader.Real("retract_percent", 0, 100) / 100;
      options.retractable_rows = reader.Count("retractable_rows", 1, kMaxRetractableRows);
      if (options.retract_share == 0 && reader.IsGiven("retractable_rows")) {
        reader.Refuse("retractable_rows", "left out unless retract_percent is above 0");
      }
    }
    KVSTATE_RETURN_IF_ERROR(reader.status());
    return MakeTwoSidedSource(std::move(rows), options, seed);
  };
  return spec;
}

}  // namespace kvstate::workloads

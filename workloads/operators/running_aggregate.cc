#include <algorithm>
#include <cstdint>
#include <memory>
#include <tuple>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/event_measure.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

/// Number, sum, least and greatest of a key's measures.
using Totals = std::tuple<int64_t, int64_t, int64_t, int64_t>;

/// Continuous aggregation, as of a GROUP BY without windows: each event updates its key's totals and emits them.
class RunningAggregateOperator final : public OperatorBase {
 public:
  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const Totals* before, totals_.Get());
    const int64_t measure = MeasureOf(event);
    Totals totals{1, measure, measure, measure};
    if (before != nullptr) {
      const auto& [count, sum, least, greatest] = *before;
      totals = {count + 1, sum + measure, std::min(least, measure), std::max(greatest, measure)};
    }
    KVSTATE_RETURN_IF_ERROR(totals_.Update(totals));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    Codec<Totals>::Write(totals, row);
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<Totals>("totals"), &totals_); }

  ValueState<Totals> totals_;
};

}  // namespace

WorkloadSpec RunningAggregate();

WorkloadSpec RunningAggregate() {
  return MakeWorkload("running_aggregate",
                      "Continuous aggregation: count, sum, least and greatest of each key, emitted on each event",
                      {{"key_distribution", "zipfian"}}, {},
                      [](ParameterReader&) { return std::make_unique<RunningAggregateOperator>(); });
}

}  // namespace kvstate::workloads

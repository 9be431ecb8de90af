#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

/// Count and latest event time of each key.
using CountAndTime = std::pair<int64_t, int64_t>;

/// One value read and one value written for each event. Emits key, count and latest time after each event.
class ValueRmwOperator final : public OperatorBase {
 public:
  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const CountAndTime* stored, state_.Get());
    CountAndTime next(1, event.time_ms);
    if (stored != nullptr) {
      next.first += stored->first;
      if (stored->second > next.second) next.second = stored->second;
    }
    KVSTATE_RETURN_IF_ERROR(state_.Update(next));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutFixed64(static_cast<uint64_t>(next.first));
    row.PutFixed64(static_cast<uint64_t>(next.second));
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<CountAndTime>("count_and_time"), &state_); }

  ValueState<CountAndTime> state_;
};

}  // namespace

WorkloadSpec ValueRmw();

WorkloadSpec ValueRmw() {
  return MakeWorkload("value_rmw", "Count and latest time of each key: one value read and written an event",
                      {{"key_distribution", "zipfian"}}, {},
                      [](ParameterReader&) { return std::make_unique<ValueRmwOperator>(); });
}

}  // namespace kvstate::workloads

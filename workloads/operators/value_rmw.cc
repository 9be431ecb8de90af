#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

/// Count and latest event time of each key.
using CountAndTime = std::pair<int64_t, int64_t>;

/// The same with the payload of the latest event.
using CountTimeAndPayload = std::tuple<int64_t, int64_t, std::string>;

/// One value read and one value written for each event. Emits key, count and latest time after each event.
template <class Stored>
class ValueRmwOperator final : public OperatorBase {
 public:
  explicit ValueRmwOperator(const char* state_name) : state_name_(state_name) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const Stored* stored, state_.Get());
    int64_t count = 1;
    int64_t time_ms = event.time_ms;
    if (stored != nullptr) {
      count += std::get<0>(*stored);
      if (std::get<1>(*stored) > time_ms) time_ms = std::get<1>(*stored);
    }
    std::get<0>(next_) = count;
    std::get<1>(next_) = time_ms;
    if constexpr (std::is_same_v<Stored, CountTimeAndPayload>) std::get<2>(next_).assign(event.value);
    KVSTATE_RETURN_IF_ERROR(state_.Update(next_));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutFixed64(static_cast<uint64_t>(count));
    row.PutFixed64(static_cast<uint64_t>(time_ms));
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<Stored>(state_name_), &state_); }

  const char* const state_name_;
  ValueState<Stored> state_;
  Stored next_;
};

}  // namespace

WorkloadSpec ValueRmw();

WorkloadSpec ValueRmw() {
  return MakeWorkload("value_rmw", "Count and latest time of each key: one value read and written an event",
                      {{"key_distribution", "zipfian"}},
                      {{"keep_payload", "no", "yes: the latest event's payload is part of the value; no"}},
                      [](ParameterReader& reader) -> std::unique_ptr<Operator> {
                        if (reader.Choice("keep_payload", {"no", "yes"}) == 0) {
                          return std::make_unique<ValueRmwOperator<CountAndTime>>("count_and_time");
                        }
                        return std::make_unique<ValueRmwOperator<CountTimeAndPayload>>("count_time_and_payload");
                      });
}

}  // namespace kvstate::workloads

#include <cstdint>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/state_micro/state_micro.h"

namespace kvstate::workloads {
namespace {

enum class ValueAccess : uint8_t { kUpdate, kAdd, kGet, kClear };

class StateMicroValueOperator final : public StateMicroOperator {
 public:
  explicit StateMicroValueOperator(ValueAccess access) : access_(access) {}

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<int64_t>("value"), &value_); }
  bool adds() const override { return access_ == ValueAccess::kAdd; }

  Status SetUp(const StateMicroEvent& operands) override { return value_.Update(operands.value); }

  Status Access(const StateMicroEvent& operands) override {
    switch (access_) {
      case ValueAccess::kUpdate:
      case ValueAccess::kAdd:
        return value_.Update(operands.value);
      case ValueAccess::kClear:
        return value_.Clear();
      case ValueAccess::kGet:
        break;
    }
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* value, value_.Get());
    if (value == nullptr) return InternalError("state \"value\" has nothing under a key that was set up");
    NewRowOfKey().PutFixed64(static_cast<uint64_t>(*value));
    Emit();
    return Status();
  }

  const ValueAccess access_;
  ValueState<int64_t> value_;
};

}  // namespace

WorkloadSpec StateMicroValue();

WorkloadSpec StateMicroValue() {
  return MakeStateMicroWorkload(
      "state_micro_value", "Flink's micro-benchmark of value state: one access an event, to a long of each key",
      {{"access", "get", "update (of a key that was set up), add (of a new key: an update too), get, clear"}},
      [](ParameterReader& reader) {
        const size_t access = reader.Choice("access", {"update", "add", "get", "clear"});
        return std::make_unique<StateMicroValueOperator>(static_cast<ValueAccess>(access));
      });
}

}  // namespace kvstate::workloads

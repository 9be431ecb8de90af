#ifndef KVSTATE_WORKLOADS_OPERATORS_STATE_MICRO_STATE_MICRO_H_
#define KVSTATE_WORKLOADS_OPERATORS_STATE_MICRO_STATE_MICRO_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workloads/operators/operator_support.h"
#include "workloads/sources/random.h"
#include "workloads/sources/state_micro_source.h"

namespace kvstate::workloads {

/// One access to one state for each event, after a set-up that gives each set-up key its state. Rows: the key, and what
/// the access has read; nothing for writes.
class StateMicroOperator : public OperatorBase {
 public:
  Status Process(const Event& event) final {
    KVSTATE_ASSIGN_OR_RETURN(const StateMicroEvent operands, DecodeStateMicroEvent(event.value));
    if (event.stream == kAccessStream && adds()) {
      KVSTATE_RETURN_IF_ERROR(SetKeyOf(operands.new_key));
    } else {
      KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    }
    key_ = event.key;
    return event.stream == kSetUpStream ? SetUp(operands) : Access(operands);
  }
  Status Finish() final { return Status(); }

 protected:
  /// Whether the access is to a new key.
  virtual bool adds() const = 0;
  /// Under the current key.
  virtual Status SetUp(const StateMicroEvent& operands) = 0;
  virtual Status Access(const StateMicroEvent& operands) = 0;

  ByteWriter& NewRowOfKey() {
    ByteWriter& row = NewRow();
    row.PutBytes(key_);
    return row;
  }
  /// The number in some order of a value that is made of the event's.
  static int64_t Derived(int64_t value, uint64_t number) {
    return static_cast<int64_t>(MixBits(static_cast<uint64_t>(value) + number * 0x9e3779b97f4a7c15u));
  }

 private:
  ByteView key_;
};

/// A workload on the source of the state micro-benchmarks.
WorkloadSpec MakeStateMicroWorkload(std::string name, std::string description,
                                    std::vector<ParameterSpec> operator_parameters,
                                    std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_STATE_MICRO_STATE_MICRO_H_

#include <cstdint>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

/// Emits the first event of each key and drops the others: a read that mostly misses, and then a write.
class DedupOperator final : public OperatorBase {
 public:
  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* first_seen_ms, seen_.Get());
    if (first_seen_ms != nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(seen_.Update(event.time_ms));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutFixed64(static_cast<uint64_t>(event.time_ms));
    row.PutBytes(event.value);
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<int64_t>("first_seen_ms"), &seen_); }

  ValueState<int64_t> seen_;
};

}  // namespace

WorkloadSpec Dedup();

WorkloadSpec Dedup() {
  return MakeWorkload("dedup", "The first event of each key: a value read that mostly misses, then written",
                      {{"keys", "10000000"}, {"key_bytes", "16"}}, {},
                      [](ParameterReader&) { return std::make_unique<DedupOperator>(); });
}

}  // namespace kvstate::workloads

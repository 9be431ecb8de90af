#include <cstdint>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/ttl_parameters.h"

namespace kvstate::workloads {
namespace {

/// Drops an event when its key was let through less than the time to live ago. What is dropped writes nothing, so a key
/// is let through again once that time is over.
class TtlDedupOperator final : public OperatorBase {
 public:
  explicit TtlDedupOperator(const TtlConfig& ttl) : ttl_(ttl) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* seen_ms, seen_.Get());
    if (seen_ms != nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(seen_.Update(event.time_ms));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutFixed64(static_cast<uint64_t>(event.time_ms));
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    ValueStateDescriptor<int64_t> descriptor("seen_ms");
    descriptor.ttl = ttl_;
    return OpenState(descriptor, &seen_);
  }

  const TtlConfig ttl_;
  ValueState<int64_t> seen_;
};

}  // namespace

WorkloadSpec TtlDedup();

WorkloadSpec TtlDedup() {
  return MakeWorkload(
      "ttl_dedup", "Duplicates within a time to live dropped: a value read, and written when absent",
      {{"keys", "50000"}, {"key_bytes", "16"}}, {TtlParameter("15000")}, [](ParameterReader& reader) {
        return std::make_unique<TtlDedupOperator>(ReadTtl(reader, TtlConfig::Update::kOnCreateAndWrite));
      });
}

}  // namespace kvstate::workloads

#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/ttl_parameters.h"

namespace kvstate::workloads {
namespace {

/// Reads each key's last payload, emits whether there was one, and writes the event's. By default every key occurs
/// once, and then one in a hundred alone: of the others nobody asks again, so no access can meet them when they have
/// expired.
class TtlColdKeysOperator final : public OperatorBase {
 public:
  explicit TtlColdKeysOperator(const TtlConfig& ttl) : ttl_(ttl) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const std::string* last, last_.Get());
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutByte(last == nullptr ? 0 : 1);
    if (last != nullptr) row.PutBytes(*last);
    Emit();
    payload_.assign(event.value);
    return last_.Update(payload_);
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    ValueStateDescriptor<std::string> descriptor("last", RawBytesSerializer());
    descriptor.ttl = ttl_;
    return OpenState(descriptor, &last_);
  }

  const TtlConfig ttl_;
  ValueState<std::string> last_;
  std::string payload_;
};

}  // namespace

WorkloadSpec TtlColdKeys();

WorkloadSpec TtlColdKeys() {
  return MakeWorkload(
      "ttl_cold_keys", "Values that are written once and that nobody touches again, beside a few hot ones",
      {{"events", "200000"},
       {"keys", "50000"},
       {"value_bytes", "100"},
       {"fill", "yes"},
       {"epoch_events", "1000000000"},
       {"active_percent", "1"}},
      {TtlParameter("15000")}, [](ParameterReader& reader) {
        return std::make_unique<TtlColdKeysOperator>(ReadTtl(reader, TtlConfig::Update::kOnCreateAndWrite));
      });
}

}  // namespace kvstate::workloads

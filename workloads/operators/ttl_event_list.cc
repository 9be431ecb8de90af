#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/ttl_parameters.h"

namespace kvstate::workloads {
namespace {

struct TtlEventListOptions {
  TtlConfig ttl;
  uint64_t read_every = 1;
};

/// Appends each event's payload to its key's list, of which each element has its own time to live. One event in
/// `read_every`, by a hash of it, reads and emits what is left of the list. Nothing is ever removed but by its time.
class TtlEventListOperator final : public OperatorBase {
 public:
  explicit TtlEventListOperator(const TtlEventListOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    payload_.assign(event.value);
    KVSTATE_RETURN_IF_ERROR(list_.Add(payload_));
    if (HashEvent(event.time_ms, event.key, event.value) % options_.read_every != 0) return Status();
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* elements, list_.Get());
    if (elements == nullptr) return InternalError("state \"events\" is absent just after an element was added");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    for (const std::string& element : *elements) row.PutLengthPrefixed(element);
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    ListStateDescriptor<std::string> descriptor("events", RawBytesSerializer());
    descriptor.ttl = options_.ttl;
    return OpenState(descriptor, &list_);
  }

  const TtlEventListOptions options_;
  ListState<std::string> list_;
  std::string payload_;
};

}  // namespace

WorkloadSpec TtlEventList();

WorkloadSpec TtlEventList() {
  return MakeWorkload(
      "ttl_event_list", "Each key's latest events in a list whose elements expire one by one, read now and then",
      {{"keys", "10000"}, {"value_bytes", "64"}},
      {TtlParameter("15000"), {"read_every", "8", "One event in so many, by hash, reads its key's list, 1 to 10^9"}},
      [](ParameterReader& reader) {
        TtlEventListOptions options;
        options.ttl = ReadTtl(reader, TtlConfig::Update::kOnCreateAndWrite);
        options.read_every = reader.Count("read_every", 1, 1'000'000'000);
        return std::make_unique<TtlEventListOperator>(options);
      });
}

}  // namespace kvstate::workloads

#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/descriptors.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/payload_list_operator.h"
#include "workloads/operators/ttl_parameters.h"

namespace kvstate::workloads {
namespace {

/// Each element has its own time to live, and nothing is ever removed but by its time.
class TtlEventListOperator final : public PayloadListOperator {
 public:
  TtlEventListOperator(const TtlConfig& ttl, uint64_t read_every)
      : PayloadListOperator(read_every, SIZE_MAX), ttl_(ttl) {}

 private:
  ListStateDescriptor<std::string> StateOfPayloads() const override {
    ListStateDescriptor<std::string> descriptor("events", RawBytesSerializer());
    descriptor.ttl = ttl_;
    return descriptor;
  }

  const TtlConfig ttl_;
};

}  // namespace

WorkloadSpec TtlEventList();

WorkloadSpec TtlEventList() {
  return MakeWorkload(
      "ttl_event_list", "Each key's latest events in a list whose elements expire one by one, read now and then",
      {{"keys", "10000"}, {"value_bytes", "64"}},
      {TtlParameter("15000"), {"read_every", "8", "One event in so many, by hash, reads its key's list, 1 to 10^9"}},
      [](ParameterReader& reader) {
        const TtlConfig ttl = ReadTtl(reader, TtlConfig::Update::kOnCreateAndWrite);
        return std::make_unique<TtlEventListOperator>(ttl, reader.Count("read_every", 1, 1'000'000'000));
      });
}

}  // namespace kvstate::workloads

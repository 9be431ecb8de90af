#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/descriptors.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/payload_list_operator.h"

namespace kvstate::workloads {
namespace {

class ListAppendOperator final : public PayloadListOperator {
 public:
  using PayloadListOperator::PayloadListOperator;

 private:
  ListStateDescriptor<std::string> StateOfPayloads() const override { return {"payloads", RawBytesSerializer()}; }
};

}  // namespace

WorkloadSpec ListAppend();

WorkloadSpec ListAppend() {
  return MakeWorkload("list_append",
                      "A list of payloads for each key: appended to by each event, read and cleared now and then",
                      {{"key_distribution", "zipfian"}, {"value_bytes", "100"}},
                      {{"read_every", "16", "One event in so many, by hash, reads its key's list, 1 to 10^9"},
                       {"max_elements", "32", "A list found longer than this when read is cleared, 1 to 10^6"}},
                      [](ParameterReader& reader) {
                        const uint64_t read_every = reader.Count("read_every", 1, 1'000'000'000);
                        const size_t max_elements = reader.Count("max_elements", 1, 1'000'000);
                        return std::make_unique<ListAppendOperator>(read_every, max_elements);
                      });
}

}  // namespace kvstate::workloads

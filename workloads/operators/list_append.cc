#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

struct ListAppendOptions {
  uint64_t read_every = 1;
  size_t max_elements = 1;
};

/// Appends each event's payload to its key's list. One event in `read_every` then reads the list, emits it, and clears
/// it when it is longer than `max_elements`. Which event reads follows from a hash of its time, key and payload, so
/// that no counter has to be kept, in state or out of it.
class ListAppendOperator final : public OperatorBase {
 public:
  explicit ListAppendOperator(const ListAppendOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    payload_.assign(event.value);
    KVSTATE_RETURN_IF_ERROR(list_.Add(payload_));
    if (HashEvent(event.time_ms, event.key, event.value) % options_.read_every != 0) return Status();
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* elements, list_.Get());
    if (elements == nullptr) return InternalError("state \"payloads\" is absent just after an element was added");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    for (const std::string& element : *elements) row.PutLengthPrefixed(element);
    Emit();
    return elements->size() > options_.max_elements ? list_.Clear() : Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    return OpenState(ListStateDescriptor<std::string>("payloads", RawBytesSerializer()), &list_);
  }

  const ListAppendOptions options_;
  ListState<std::string> list_;
  std::string payload_;
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
                        ListAppendOptions options;
                        options.read_every = reader.Count("read_every", 1, 1'000'000'000);
                        options.max_elements = reader.Count("max_elements", 1, 1'000'000);
                        return std::make_unique<ListAppendOperator>(options);
                      });
}

}  // namespace kvstate::workloads

#include "workloads/operators/payload_list_operator.h"

#include <vector>

namespace kvstate::workloads {

Status PayloadListOperator::Process(const Event& event) {
  KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
  payload_.assign(event.value);
  KVSTATE_RETURN_IF_ERROR(list_.Add(payload_));
  if (HashEvent(event.time_ms, event.key, event.value) % read_every_ != 0) return Status();
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* elements, list_.Get());
  if (elements == nullptr) return InternalError("a list of payloads is absent just after an element was added");
  ByteWriter& row = NewRow();
  row.PutLengthPrefixed(event.key);
  for (const std::string& element : *elements) row.PutLengthPrefixed(element);
  Emit();
  return elements->size() > max_elements_ ? list_.Clear() : Status();
}

}  // namespace kvstate::workloads

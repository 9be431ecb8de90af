#ifndef KVSTATE_WORKLOADS_OPERATORS_PAYLOAD_LIST_OPERATOR_H_
#define KVSTATE_WORKLOADS_OPERATORS_PAYLOAD_LIST_OPERATOR_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {

/// An operator that appends each event's payload to its key's list. One event in `read_every` then reads the list,
/// emits it, and clears it when it is longer than `max_elements`. Which event reads follows from a hash of its time,
/// key and payload, so that no counter has to be kept, in state or out of it.
class PayloadListOperator : public OperatorBase {
 public:
  PayloadListOperator(uint64_t read_every, size_t max_elements)
      : read_every_(read_every), max_elements_(max_elements) {}

  Status Process(const Event& event) override;
  Status Finish() override { return Status(); }

 private:
  Status OpenStates() final { return OpenState(StateOfPayloads(), &list_); }
  virtual ListStateDescriptor<std::string> StateOfPayloads() const = 0;

  const uint64_t read_every_;
  const size_t max_elements_;
  ListState<std::string> list_;
  std::string payload_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_PAYLOAD_LIST_OPERATOR_H_

#ifndef KVSTATE_WORKLOADS_OPERATORS_PAYLOAD_MAP_OPERATOR_H_
#define KVSTATE_WORKLOADS_OPERATORS_PAYLOAD_MAP_OPERATOR_H_

#include <cstdint>
#include <string>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {

/// An operator with a map for each key, from a number to a payload: what it does with an entry, and the rows that tell
/// what it found.
class PayloadMapOperator : public OperatorBase {
 public:
  Status Finish() override { return Status(); }

 protected:
  using Descriptor = MapStateDescriptor<int64_t, std::string>;

  Status Put(int64_t user_key, ByteView payload);
  /// Emits the key, the user key and what is there.
  Status Get(ByteView key, int64_t user_key);
  /// Emits the key and the first entries of its map, in order.
  Status Scan(ByteView key, uint64_t max_entries);
  MapState<int64_t, std::string>& map() { return map_; }

 private:
  Status OpenStates() final { return OpenState(StateOfPayloads(), &map_); }
  virtual Descriptor StateOfPayloads() const = 0;

  MapState<int64_t, std::string> map_;
  std::string payload_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_PAYLOAD_MAP_OPERATOR_H_

#ifndef KVSTATE_BACKENDS_OPERATORS_OPERATOR_STATES_H_
#define KVSTATE_BACKENDS_OPERATORS_OPERATOR_STATES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "backends/operators/operator_state_file.h"
#include "kvstate/bytes.h"
#include "kvstate/operator_state.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends {

/// INVALID_ARGUMENT, naming what is missing, unless the mode has all it needs and nothing of another.
Status CheckDescriptor(const OperatorStateDescriptor& descriptor);

/// The serializer of elements, or of a broadcast state's values. REQUIRES: CheckDescriptor.
const SerializerPtr& StoredValueOf(const OperatorStateDescriptor& descriptor);

/// As a snapshot has it; without entries. REQUIRES: CheckDescriptor.
SavedOperatorState SavedStateOf(const OperatorStateDescriptor& descriptor);

/// Serializers for taking over what was restored.
struct ValueSerializers {
  SerializerPtr reads;   ///< What was restored.
  SerializerPtr writes;  ///< From now on.
};

/// INVALID_ARGUMENT, saying what to do, when `descriptor` cannot take over `saved`.
Result<ValueSerializers> PlanTakeOver(const OperatorStateDescriptor& descriptor, const SavedOperatorState& saved);

class OperatorList final : public InternalOperatorListState {
 public:
  /// `element` writes elements.
  OperatorList(OperatorStateDescriptor descriptor, SerializerPtr element);

  const OperatorStateDescriptor& descriptor() const override { return descriptor_; }
  const void* Get() override { return list_.get(); }
  Status Add(const void* element) override;
  Status AddAll(const void* list) override;
  Status Update(const void* list) override;
  void Clear() override { lists_->Clear(list_.get()); }

  /// Appends what was restored; DATA_LOSS when `reads` does not read it.
  Status AddRestored(const RestoredState& state, const TypeSerializer& reads);
  StateSnapshot Capture() const;

 private:
  const OperatorStateDescriptor descriptor_;
  const ListSerializerPtr lists_;
  const SerializerPtr element_;
  TypedObject list_;
};

class BroadcastMap final : public InternalBroadcastState {
 public:
  /// `value` writes values.
  BroadcastMap(OperatorStateDescriptor descriptor, SerializerPtr value);

  const OperatorStateDescriptor& descriptor() const override { return descriptor_; }
  const void* Get(const void* key) override;
  Status Put(const void* key, const void* value) override;
  void Remove(const void* key) override;
  uint64_t Size() override { return entries_.size(); }
  Status ForEach(const std::function<Status(const void* key, const void* value)>& visit) override;
  void Clear() override { entries_.clear(); }

  Status AddRestored(const RestoredState& state, const TypeSerializer& reads);
  StateSnapshot Capture() const;

 private:
  struct Entry {
    TypedObject key;
    TypedObject value;
  };
  /// Valid until the next call.
  ByteView Encoded(const void* key);

  const OperatorStateDescriptor descriptor_;
  const SerializerPtr value_;
  std::map<std::string, Entry, std::less<>> entries_;  ///< By encoded key.
  ByteWriter encoded_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_OPERATORS_OPERATOR_STATES_H_

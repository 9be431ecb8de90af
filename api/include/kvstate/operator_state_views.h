#ifndef KVSTATE_OPERATOR_STATE_VIEWS_H_
#define KVSTATE_OPERATOR_STATE_VIEWS_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/operator_state.h"
#include "kvstate/serializers.h"

namespace kvstate {
inline namespace v1 {

/// Descriptors of operator state that know their C++ types. Each takes the types' codecs unless serializers are given.

template <class V>
struct OperatorListStateDescriptor : OperatorStateDescriptor {
  explicit OperatorListStateDescriptor(std::string state_name, OperatorStateMode list_mode = OperatorStateMode::kSplit)
      : OperatorListStateDescriptor(std::move(state_name), list_mode, SerializerFor<V>()) {}
  OperatorListStateDescriptor(std::string state_name, OperatorStateMode list_mode, SerializerPtr element_serializer) {
    name = std::move(state_name);
    mode = list_mode;
    value_serializer = ListSerializerFor<V>(std::move(element_serializer));
  }
};

template <class K, class V>
struct BroadcastStateDescriptor : OperatorStateDescriptor {
  explicit BroadcastStateDescriptor(std::string state_name)
      : BroadcastStateDescriptor(std::move(state_name), SerializerFor<K>(), SerializerFor<V>()) {}
  BroadcastStateDescriptor(std::string state_name, SerializerPtr keys, SerializerPtr values) {
    name = std::move(state_name);
    mode = OperatorStateMode::kBroadcast;
    key_serializer = std::move(keys);
    value_serializer = std::move(values);
  }
};

/// The typed façades: thin views, to be copied at will, dead when the state is. What each call does is said at the
/// internal interface of the same name.
template <class V>
class OperatorListState {
 public:
  OperatorListState() = default;
  explicit OperatorListState(InternalOperatorListState* state) : state_(state) {}
  const std::vector<V>& Get() { return *static_cast<const std::vector<V>*>(state_->Get()); }
  Status Add(const V& element) { return state_->Add(&element); }
  Status AddAll(const std::vector<V>& elements) { return state_->AddAll(&elements); }
  Status Update(const std::vector<V>& elements) { return state_->Update(&elements); }
  void Clear() { state_->Clear(); }
  InternalOperatorListState* internal() const { return state_; }

 private:
  InternalOperatorListState* state_ = nullptr;
};

template <class K, class V>
class BroadcastState {
 public:
  BroadcastState() = default;
  explicit BroadcastState(InternalBroadcastState* state) : state_(state) {}
  /// Null when absent.
  const V* Get(const K& key) { return static_cast<const V*>(state_->Get(&key)); }
  bool Contains(const K& key) { return state_->Get(&key) != nullptr; }
  Status Put(const K& key, const V& value) { return state_->Put(&key, &value); }
  void Remove(const K& key) { state_->Remove(&key); }
  uint64_t Size() { return state_->Size(); }
  Status ForEach(const std::function<Status(const K& key, const V& value)>& visit) {
    return state_->ForEach([&visit](const void* key, const void* value) {
      return visit(*static_cast<const K*>(key), *static_cast<const V*>(value));
    });
  }
  void Clear() { state_->Clear(); }
  InternalBroadcastState* internal() const { return state_; }

 private:
  InternalBroadcastState* state_ = nullptr;
};

template <class V>
Result<OperatorListState<V>> GetState(OperatorStateBackend& backend, const OperatorListStateDescriptor<V>& descriptor) {
  KVSTATE_ASSIGN_OR_RETURN(auto* const state, backend.GetOrCreateList(descriptor));
  return OperatorListState<V>(state);
}
template <class K, class V>
Result<BroadcastState<K, V>> GetState(OperatorStateBackend& backend, const BroadcastStateDescriptor<K, V>& descriptor) {
  KVSTATE_ASSIGN_OR_RETURN(auto* const state, backend.GetOrCreateBroadcast(descriptor));
  return BroadcastState<K, V>(state);
}

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_OPERATOR_STATE_VIEWS_H_

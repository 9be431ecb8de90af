#ifndef KVSTATE_DESCRIPTORS_H_
#define KVSTATE_DESCRIPTORS_H_

#include <memory>
#include <string>
#include <utility>

#include "kvstate/serializers.h"
#include "kvstate/state_descriptor.h"

namespace kvstate {
inline namespace v1 {

/// State descriptors that know their C++ types, so that KeyedBackend::GetState gives the matching façade. Each takes
/// the types' codecs unless serializers are given. Members of StateDescriptor, such as queryable_name, may be set
/// after.

template <class V>
struct ValueStateDescriptor : StateDescriptor {
  explicit ValueStateDescriptor(std::string state_name)
      : ValueStateDescriptor(std::move(state_name), SerializerFor<V>()) {}
  ValueStateDescriptor(std::string state_name, SerializerPtr serializer) {
    name = std::move(state_name);
    kind = StateKind::kValue;
    value_serializer = std::move(serializer);
  }
  /// What Get gives where there is no value.
  ValueStateDescriptor& WithDefault(const V& value) {
    default_value = std::make_shared<TypedObject>(value_serializer, &value);
    return *this;
  }
};

template <class V>
struct ListStateDescriptor : StateDescriptor {
  explicit ListStateDescriptor(std::string state_name)
      : ListStateDescriptor(std::move(state_name), SerializerFor<V>()) {}
  ListStateDescriptor(std::string state_name, SerializerPtr element_serializer) {
    name = std::move(state_name);
    kind = StateKind::kList;
    value_serializer = ListSerializerFor<V>(std::move(element_serializer));
  }
};

template <class K, class V>
struct MapStateDescriptor : StateDescriptor {
  explicit MapStateDescriptor(std::string state_name)
      : MapStateDescriptor(std::move(state_name), SerializerFor<K>(), SerializerFor<V>()) {}
  MapStateDescriptor(std::string state_name, SerializerPtr key_serializer, SerializerPtr serializer) {
    name = std::move(state_name);
    kind = StateKind::kMap;
    user_key_serializer = std::move(key_serializer);
    value_serializer = std::move(serializer);
  }
};

template <class V>
struct ReducingStateDescriptor : StateDescriptor {
  ReducingStateDescriptor(std::string state_name, std::shared_ptr<const ReduceFunction> function)
      : ReducingStateDescriptor(std::move(state_name), std::move(function), SerializerFor<V>()) {}
  ReducingStateDescriptor(std::string state_name, std::shared_ptr<const ReduceFunction> function,
                          SerializerPtr serializer) {
    name = std::move(state_name);
    kind = StateKind::kReducing;
    value_serializer = std::move(serializer);
    reduce = std::move(function);
  }
};

template <class In, class Acc, class Out>
struct AggregatingStateDescriptor : StateDescriptor {
  AggregatingStateDescriptor(std::string state_name, std::shared_ptr<const AggregateFunction> function) {
    name = std::move(state_name);
    kind = StateKind::kAggregating;
    value_serializer = SerializerFor<Acc>();
    input_serializer = SerializerFor<In>();
    output_serializer = SerializerFor<Out>();
    aggregate = std::move(function);
  }
};

template <class In, class Acc>
struct FoldingStateDescriptor : StateDescriptor {
  FoldingStateDescriptor(std::string state_name, const Acc& initial, std::shared_ptr<const FoldFunction> function) {
    name = std::move(state_name);
    kind = StateKind::kFolding;
    value_serializer = SerializerFor<Acc>();
    input_serializer = SerializerFor<In>();
    default_value = std::make_shared<TypedObject>(value_serializer, &initial);
    fold = std::move(function);
  }
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_DESCRIPTORS_H_

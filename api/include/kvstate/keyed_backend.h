#ifndef KVSTATE_KEYED_BACKEND_H_
#define KVSTATE_KEYED_BACKEND_H_

#include <cassert>
#include <memory>
#include <utility>

#include "kvstate/codec.h"
#include "kvstate/descriptors.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"

namespace kvstate {
inline namespace v1 {

/// A KeyedStateBackend whose keys are of the C++ type K: typed keys in, typed states out. Owns the backend.
template <class K>
class KeyedBackend {
 public:
  /// REQUIRES: the backend's key serializer describes a K.
  explicit KeyedBackend(std::unique_ptr<KeyedStateBackend> backend) : backend_(std::move(backend)) {
    assert(backend_->key_serializer().info().size == sizeof(K));
    if constexpr (HasCodec<K>) uses_codec_ = backend_->key_serializer().Snapshot() == Codec<K>::Snapshot();
  }

  Status SetCurrentKey(const K& key) {
    ByteWriter encoded;
    if constexpr (HasCodec<K>) {
      if (uses_codec_) [[likely]] {
        Codec<K>::Write(key, encoded);
        return backend_->SetCurrentKey({encoded.view(), Codec<K>::KeyHash(encoded.view())});
      }
    }
    backend_->key_serializer().Serialize(&key, encoded);
    return backend_->SetCurrentKey(EncodeKey(*backend_, encoded.view()));
  }

  template <HasCodec N = VoidNamespace, class V>
  Result<ValueState<V>> GetState(const ValueStateDescriptor<V>& descriptor) {
    return Get<N, InternalValueState, ValueState<V>>(descriptor);
  }
  template <HasCodec N = VoidNamespace, class V>
  Result<ListState<V>> GetState(const ListStateDescriptor<V>& descriptor) {
    return Get<N, InternalListState, ListState<V>>(descriptor);
  }
  template <HasCodec N = VoidNamespace, class UK, class V>
  Result<MapState<UK, V>> GetState(const MapStateDescriptor<UK, V>& descriptor) {
    return Get<N, InternalMapState, MapState<UK, V>>(descriptor);
  }
  template <HasCodec N = VoidNamespace, class V>
  Result<ReducingState<V>> GetState(const ReducingStateDescriptor<V>& descriptor) {
    return Get<N, InternalReducingState, ReducingState<V>>(descriptor);
  }
  template <HasCodec N = VoidNamespace, class In, class Acc, class Out>
  Result<AggregatingState<In, Acc, Out>> GetState(const AggregatingStateDescriptor<In, Acc, Out>& descriptor) {
    return Get<N, InternalAggregatingState, AggregatingState<In, Acc, Out>>(descriptor);
  }
  template <HasCodec N = VoidNamespace, class In, class Acc>
  Result<FoldingState<In, Acc>> GetState(const FoldingStateDescriptor<In, Acc>& descriptor) {
    return Get<N, InternalFoldingState, FoldingState<In, Acc>>(descriptor);
  }

  KeyedStateBackend& backend() { return *backend_; }
  std::unique_ptr<KeyedStateBackend> Release() && { return std::move(backend_); }

 private:
  template <class N, class Internal, class View>
  Result<View> Get(const StateDescriptor& descriptor) {
    auto state = backend_->GetOrCreateState(SerializerFor<N>(), descriptor);
    if (!state.ok()) return state.status();
    return View(static_cast<Internal*>(*state));
  }

  std::unique_ptr<KeyedStateBackend> backend_;
  bool uses_codec_ = false;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_KEYED_BACKEND_H_

#ifndef KVSTATE_STATE_H_
#define KVSTATE_STATE_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/codec.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// The typed façades: thin views of internal states, to be copied at will, dead when the state is. KeyedBackend makes
/// them. What each call does is said at the internal interface of the same name; pointers handed out are valid until
/// the next call on the same state.
template <class Internal>
class StateView {
 public:
  StateView() = default;
  explicit StateView(Internal* state) : state_(state) {}

  /// REQUIRES: N is the type whose serializer the state was made with.
  template <HasCodec N>
  Status SetCurrentNamespace(const N& state_namespace) {
    ByteWriter encoded;
    Codec<N>::Write(state_namespace, encoded);
    return state_->SetCurrentNamespace(encoded.view());
  }
  void ClearCurrentNamespace() { state_->ClearCurrentNamespace(); }
  Status Clear() { return state_->Clear(); }
  Internal* internal() const { return state_; }

 protected:
  template <class T>
  static Result<const T*> Typed(Result<const void*> result) {
    if (!result.ok()) [[unlikely]]
      return result.status();
    return static_cast<const T*>(*result);
  }

  Internal* state_ = nullptr;
};

template <class V>
class ValueState : public StateView<InternalValueState> {
 public:
  using StateView::StateView;
  /// Null when absent and no default is declared.
  Result<const V*> Get() { return Typed<V>(state_->Get()); }
  Status Update(const V& value) { return state_->Update(&value); }
  /// Null clears.
  Status Update(const V* value) { return state_->Update(value); }
};

/// What merging states share: contents of several namespaces become one.
template <class Internal>
class MergingStateView : public StateView<Internal> {
 public:
  using StateView<Internal>::StateView;

  template <HasCodec N>
  Status MergeNamespaces(const N& target, const std::vector<N>& sources) {
    std::vector<std::string> encoded;
    encoded.reserve(sources.size());
    std::vector<ByteView> views;
    views.reserve(sources.size());
    ByteWriter out;
    for (const N& source : sources) {
      out.Clear();
      Codec<N>::Write(source, out);
      views.push_back(encoded.emplace_back(out.view()));
    }
    out.Clear();
    Codec<N>::Write(target, out);
    return this->state_->MergeNamespaces(out.view(), views);
  }
};

template <class V>
class ListState : public MergingStateView<InternalListState> {
 public:
  using MergingStateView::MergingStateView;
  /// Null when absent; never an empty list.
  Result<const std::vector<V>*> Get() { return Typed<std::vector<V>>(state_->Get()); }
  Status Add(const V& element) { return state_->Add(&element); }
  Status AddAll(const std::vector<V>& elements) { return state_->AddAll(&elements); }
  Status Update(const std::vector<V>& elements) { return state_->Update(&elements); }
};

template <class V>
class ReducingState : public MergingStateView<InternalReducingState> {
 public:
  using MergingStateView::MergingStateView;
  Result<const V*> Get() { return Typed<V>(state_->Get()); }
  Status Add(const V& value) { return state_->Add(&value); }
};

template <class In, class Acc, class Out>
class AggregatingState : public MergingStateView<InternalAggregatingState> {
 public:
  using MergingStateView::MergingStateView;
  Result<const Out*> Get() { return Typed<Out>(state_->Get()); }
  Status Add(const In& input) { return state_->Add(&input); }
  Result<const Acc*> GetInternal() { return Typed<Acc>(state_->GetInternal()); }
  Status UpdateInternal(const Acc& accumulator) { return state_->UpdateInternal(&accumulator); }
};

template <class In, class Acc>
class FoldingState : public StateView<InternalFoldingState> {
 public:
  using StateView::StateView;
  Result<const Acc*> Get() { return Typed<Acc>(state_->Get()); }
  Status Add(const In& input) { return state_->Add(&input); }
};

/// One pass over a map's entries; see MapIterator.
template <class K, class V>
class MapEntries {
 public:
  explicit MapEntries(std::unique_ptr<MapIterator> iterator) : iterator_(std::move(iterator)) {}
  Result<bool> Next() { return iterator_->Next(); }
  Result<const K*> Key() { return Typed<K>(iterator_->user_key()); }
  /// Null where a null value is stored.
  Result<const V*> Value() { return Typed<V>(iterator_->value()); }
  Status SetValue(const V& value) { return iterator_->SetValue(&value); }
  Status Remove() { return iterator_->Remove(); }

 private:
  template <class T>
  static Result<const T*> Typed(Result<const void*> result) {
    if (!result.ok()) return result.status();
    return static_cast<const T*>(*result);
  }
  std::unique_ptr<MapIterator> iterator_;
};

template <class K, class V>
class MapState : public StateView<InternalMapState> {
 public:
  using StateView::StateView;
  /// Null when there is no such entry or its value is null.
  Result<const V*> Get(const K& key) { return Typed<V>(state_->Get(&key)); }
  Status Put(const K& key, const V& value) { return state_->Put(&key, &value); }
  Status PutNull(const K& key) { return state_->Put(&key, nullptr); }
  Status Remove(const K& key) { return state_->Remove(&key); }
  Result<bool> Contains(const K& key) { return state_->Contains(&key); }
  Result<bool> IsEmpty() { return state_->IsEmpty(); }
  Result<MapEntries<K, V>> Entries() {
    auto iterator = state_->Iterate();
    if (!iterator.ok()) return iterator.status();
    return MapEntries<K, V>(std::move(iterator).value());
  }
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_STATE_H_

#include <optional>
#include <utility>

#include "backends/interface_tax/kvstate_side.h"
#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"

namespace kvstate::interface_tax {

namespace {

KeyedBackend<uint64_t> OpenBackend(std::string_view name, const SideOptions& options) {
  BackendRegistry registry;
  Check(RegisterBuiltinBackends(registry));
  BackendOptions backend;
  backend.key_serializer = SerializerFor<uint64_t>();
  backend.directory = options.directory + "/state";
  return KeyedBackend<uint64_t>(Take(registry.Create(name, backend)));
}

template <class V>
class KvstateEngine {
 public:
  KvstateEngine(const SideOptions& options, std::string_view name) : backend_(OpenBackend(name, options)) {
    switch (options.shape) {
      case Shape::kValue:
        value_ = Take(backend_.GetState(ValueStateDescriptor<V>("value")));
        break;
      case Shape::kList:
        list_ = Take(backend_.GetState(ListStateDescriptor<V>("list")));
        break;
      case Shape::kMap:
        map_ = Take(backend_.GetState(MapStateDescriptor<uint64_t, V>("map")));
        break;
    }
  }

  const V* Get(uint64_t key) {
    Check(backend_.SetCurrentKey(key));
    const Result<const V*> value = value_.Get();
    Check(value.status());
    return *value;
  }
  void Put(uint64_t key, const V& value) {
    Check(backend_.SetCurrentKey(key));
    Check(value_.Update(value));
  }
  void Increment(uint64_t key) {
    const V* stored = Get(key);
    if (stored == nullptr) [[unlikely]]
      Fail("a value is gone");
    V value = *stored;
    ValueTraits<V>::Increment(value);
    Check(value_.Update(value));
  }

  void Append(uint64_t key, const V& value) {
    Check(backend_.SetCurrentKey(key));
    Check(list_.Add(value));
  }
  void Replace(uint64_t key, const V& value) {
    Check(backend_.SetCurrentKey(key));
    Check(list_.Update({value}));
  }
  template <class F>
  void ForEachElement(uint64_t key, const F& f) {
    Check(backend_.SetCurrentKey(key));
    const auto list = list_.Get();
    Check(list.status());
    if (*list == nullptr) return;
    for (const V& value : **list) f(value);
  }

  const V* MapGet(uint64_t key, uint64_t user_key) {
    Check(backend_.SetCurrentKey(key));
    const Result<const V*> value = map_.Get(user_key);
    Check(value.status());
    return *value;
  }
  void MapPut(uint64_t key, uint64_t user_key, const V& value) {
    Check(backend_.SetCurrentKey(key));
    Check(map_.Put(user_key, value));
  }
  template <class F>
  void Scan(uint64_t key, const F& f) {
    Check(backend_.SetCurrentKey(key));
    auto entries = map_.Entries();
    Check(entries.status());
    while (true) {
      const Result<bool> more = entries->Next();
      Check(more.status());
      if (!*more) return;
      const Result<const uint64_t*> user_key = entries->Key();
      Check(user_key.status());
      const Result<const V*> value = entries->Value();
      Check(value.status());
      f(**user_key, **value);
    }
  }

  void Settle() {
    auto* statistics = GetExtension<EngineStatistics>(backend_.backend());
    if (statistics != nullptr) Check(statistics->Flush(/*compact=*/true));
  }

 private:
  KeyedBackend<uint64_t> backend_;
  ValueState<V> value_;
  ListState<V> list_;
  MapState<uint64_t, V> map_;
};

}  // namespace

std::unique_ptr<Side> MakeKvstateSide(std::string_view name, const SideOptions& options) {
  return MakeSide<KvstateEngine>(options, name);
}

}  // namespace kvstate::interface_tax

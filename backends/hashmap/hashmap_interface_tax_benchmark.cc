#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include <vector>

#include "backends/interface_tax/side.h"

namespace kvstate::interface_tax {

namespace {

/// What a program without kvstate would use for state of live objects: values in an absl::flat_hash_map<uint64_t, V>
/// by key, where V is the value, a std::vector of elements, or an ordered map of entries: ordered, because a map state
/// is.
template <class V>
class DirectHashMap {
 public:
  explicit DirectHashMap(const SideOptions&) {}

  const V* Get(uint64_t key) const {
    const auto at = values_.find(key);
    return at == values_.end() ? nullptr : &at->second;
  }
  void Put(uint64_t key, const V& value) { values_.insert_or_assign(key, value); }
  void Increment(uint64_t key) {
    const auto at = values_.find(key);
    if (at == values_.end()) [[unlikely]]
      Fail("a value is gone");
    ValueTraits<V>::Increment(at->second);
  }

  void Append(uint64_t key, const V& value) { lists_[key].push_back(value); }
  void Replace(uint64_t key, const V& value) { lists_[key] = {value}; }
  template <class F>
  void ForEachElement(uint64_t key, const F& f) const {
    const auto at = lists_.find(key);
    if (at == lists_.end()) return;
    for (const V& value : at->second) f(value);
  }

  const V* MapGet(uint64_t key, uint64_t user_key) const {
    const auto map = maps_.find(key);
    if (map == maps_.end()) return nullptr;
    const auto at = map->second.find(user_key);
    return at == map->second.end() ? nullptr : &at->second;
  }
  void MapPut(uint64_t key, uint64_t user_key, const V& value) { maps_[key].insert_or_assign(user_key, value); }
  template <class F>
  void Scan(uint64_t key, const F& f) const {
    const auto map = maps_.find(key);
    if (map == maps_.end()) return;
    for (const auto& [user_key, value] : map->second) f(user_key, value);
  }

  void Settle() {}

 private:
  absl::flat_hash_map<uint64_t, V> values_;
  absl::flat_hash_map<uint64_t, std::vector<V>> lists_;
  absl::flat_hash_map<uint64_t, absl::btree_map<uint64_t, V>> maps_;
};

}  // namespace

std::unique_ptr<Side> MakeDirectHashMap(const SideOptions& options) { return MakeSide<DirectHashMap>(options); }

}  // namespace kvstate::interface_tax

#ifndef KVSTATE_BACKENDS_HASHMAP_NAMESPACE_RESTORER_H_
#define KVSTATE_BACKENDS_HASHMAP_NAMESPACE_RESTORER_H_

#include <cstdint>
#include <string>

#include "backends/hashmap/state_core.h"

namespace kvstate::backends::hashmap {

/// Gives the namespace that is current now back when it goes.
class StateCore::NamespaceRestorer {
 public:
  explicit NamespaceRestorer(StateCore& state)
      : state_(state), bytes_(state.namespace_), hash_(state.namespace_hash_), set_(state.namespace_set_) {}
  NamespaceRestorer(const NamespaceRestorer&) = delete;
  NamespaceRestorer& operator=(const NamespaceRestorer&) = delete;
  ~NamespaceRestorer();

 private:
  StateCore& state_;
  std::string bytes_;
  const uint64_t hash_;
  const bool set_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_NAMESPACE_RESTORER_H_

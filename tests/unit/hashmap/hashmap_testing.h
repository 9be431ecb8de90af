#ifndef KVSTATE_TESTS_UNIT_HASHMAP_HASHMAP_TESTING_H_
#define KVSTATE_TESTS_UNIT_HASHMAP_HASHMAP_TESTING_H_

#include <memory>
#include <utility>

#include "kvstate/backend_registry.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::hashmap {

std::unique_ptr<BackendFactory> MakeFactory();

inline BackendOptions HashMapOptions(SerializerPtr key_serializer, uint32_t max_parallelism) {
  BackendOptions options;
  options.key_serializer = std::move(key_serializer);
  options.max_parallelism = max_parallelism;
  options.key_groups = {0, max_parallelism - 1};
  return options;
}

template <class K>
KeyedBackend<K> OpenHashMap(uint32_t max_parallelism = kDefaultMaxParallelism) {
  auto backend = MakeFactory()->Create(HashMapOptions(SerializerFor<K>(), max_parallelism));
  EXPECT_OK(backend);
  return KeyedBackend<K>(std::move(backend).value());
}

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_TESTS_UNIT_HASHMAP_HASHMAP_TESTING_H_

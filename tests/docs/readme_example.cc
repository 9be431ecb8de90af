// The example of README.md, as it stands there.
#include <kvstate/kvstate.h>

#include <iostream>

using namespace kvstate;

Status CountWords(const BackendRegistry& registry, const std::string& name) {
  BackendOptions options;
  options.key_serializer = SerializerFor<std::string>();
  options.directory = "state-of-" + name;  // Made, locked while in use, and removed with the backend.
  KVSTATE_ASSIGN_OR_RETURN(auto made, registry.Create(name, options));
  KeyedBackend<std::string> backend(std::move(made));
  KVSTATE_ASSIGN_OR_RETURN(auto count, backend.GetState(ValueStateDescriptor<int64_t>("count").WithDefault(0)));

  for (const std::string word : {"to", "be", "or", "not", "to", "be"}) {
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(word));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* so_far, count.Get());
    KVSTATE_RETURN_IF_ERROR(count.Update(*so_far + 1));
  }
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey("be"));
  KVSTATE_ASSIGN_OR_RETURN(const int64_t* times, count.Get());
  std::cout << name << ": be, " << *times << " times\n";
  return Status();
}

int main() {
  BackendRegistry registry;
  Status status = RegisterBuiltinBackends(registry);
  for (const std::string& name : registry.Names()) {  // hashmap, rocksdb, leveldb, lmdb
    if (status.ok()) status = CountWords(registry, name);
  }
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}

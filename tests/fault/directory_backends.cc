#include "tests/fault/directory_backends.h"

#include <stdlib.h>

#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "tests/support/status_testing.h"

namespace kvstate {

std::vector<std::string> DirectoryBackends() {
  BackendRegistry registry;
  EXPECT_OK(RegisterBuiltinBackends(registry));
  std::vector<std::string> names;
  for (const std::string& name : registry.Names()) {
    const auto factory = registry.Find(name);
    if (factory.ok() && (*factory)->needs_directory()) names.push_back(name);
  }
  return names;
}

void DirectoryBackendTest::SetUp() {
  ASSERT_OK(RegisterBuiltinBackends(registry_));
  std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_fault_XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  root_ = pattern;
}

void DirectoryBackendTest::TearDown() { std::filesystem::remove_all(root_); }

Result<std::unique_ptr<KeyedStateBackend>> DirectoryBackendTest::Create(const std::filesystem::path& directory) const {
  KVSTATE_ASSIGN_OR_RETURN(const BackendFactory* factory, registry_.Find(GetParam()));
  BackendOptions options;
  options.key_serializer = RawBytesSerializer();
  options.directory = directory.string();
  for (const EngineOption& option : factory->options()) {
    if (option.name == "write_buffer_size") options.engine[option.name] = std::to_string(1 << 20);
  }
  return factory->Create(options);
}

InternalValueState* DirectoryBackendTest::MakeState(KeyedStateBackend& backend) {
  const auto state = backend.GetOrCreateState(SerializerFor<VoidNamespace>(),
                                              ValueStateDescriptor<std::string>("state", RawBytesSerializer()));
  EXPECT_OK(state);
  return state.ok() ? static_cast<InternalValueState*>(*state) : nullptr;
}

Status DirectoryBackendTest::Put(KeyedStateBackend& backend, InternalValueState& state, const std::string& key,
                                 const std::string& value) {
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(EncodeKey(backend, key)));
  return state.Update(&value);
}

Result<std::string> DirectoryBackendTest::Get(KeyedStateBackend& backend, InternalValueState& state,
                                              const std::string& key) {
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(EncodeKey(backend, key)));
  KVSTATE_ASSIGN_OR_RETURN(const void* value, state.Get());
  return value == nullptr ? std::string() : *static_cast<const std::string*>(value);
}

}  // namespace kvstate

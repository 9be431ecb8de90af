#include "tests/conformance/conformance.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace kvstate::conformance {

std::vector<std::string> TestedBackendNames() { return TestedBackends().Names(); }

BackendTest::BackendTest(const std::string& backend) {
  std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_conformance_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + pattern);
  root_ = pattern;
  factory_ = Must(TestedBackends().Find(backend));
}

BackendTest::~BackendTest() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string BackendTest::NewPath() { return root_ + "/" + std::to_string(++paths_); }

BackendOptions BackendTest::Options(SerializerPtr key_serializer) {
  BackendOptions options;
  options.key_serializer = std::move(key_serializer);
  options.directory = NewPath();
  options.clock = clock_;
  return options;
}

std::unique_ptr<KeyedStateBackend> BackendTest::Make(const BackendOptions& options) {
  return Must(factory_->Create(options));
}

std::vector<std::string> KeysOf(KeyedStateBackend& backend, std::string_view state, ByteView state_namespace) {
  std::vector<std::string> keys;
  const auto iterator = Must(backend.Keys(state, state_namespace));
  while (Must(iterator->Next())) {
    keys.emplace_back(iterator->key());
    EXPECT_EQ(iterator->state_namespace(), state_namespace);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Pairs PairsOf(KeyedStateBackend& backend, std::string_view state) {
  Pairs pairs;
  const auto iterator = Must(backend.KeysAndNamespaces(state));
  while (Must(iterator->Next())) pairs.emplace_back(iterator->key(), iterator->state_namespace());
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::shared_ptr<const ReduceFunction> Concatenate(bool thread_safe) {
  return MakeReduceFunction<std::string>([](std::string& a, const std::string& v) { a += v; }, thread_safe);
}

}  // namespace kvstate::conformance

#ifndef KVSTATE_TESTS_FAULT_DIRECTORY_BACKENDS_H_
#define KVSTATE_TESTS_FAULT_DIRECTORY_BACKENDS_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate {

/// Names of the built-in backends that keep their state in a directory.
std::vector<std::string> DirectoryBackends();

/// A test over one of them, with a temporary directory of its own.
class DirectoryBackendTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// The backend in `directory`, of raw keys, with write buffers so small that files are written early.
  Result<std::unique_ptr<KeyedStateBackend>> Create(const std::filesystem::path& directory) const;
  /// A value state of raw bytes.
  static InternalValueState* MakeState(KeyedStateBackend& backend);
  static Status Put(KeyedStateBackend& backend, InternalValueState& state, const std::string& key,
                    const std::string& value);
  /// Empty when absent.
  static Result<std::string> Get(KeyedStateBackend& backend, InternalValueState& state, const std::string& key);

  std::filesystem::path root_;
  BackendRegistry registry_;
};

}  // namespace kvstate

#endif  // KVSTATE_TESTS_FAULT_DIRECTORY_BACKENDS_H_

#ifndef KVSTATE_TESTS_SUPPORT_MUST_H_
#define KVSTATE_TESTS_SUPPORT_MUST_H_

#include <stdexcept>
#include <string>
#include <utility>

#include "kvstate/status.h"

namespace kvstate::testing_support {

/// Stops the test, saying where, unless the call succeeded: for the steps that a test takes to get somewhere. What a
/// test is about is checked with EXPECT_….
inline void Must(const Status& status, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (status.ok()) return;
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + status.ToString());
}
template <class T>
T Must(Result<T> result, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  Must(result.status(), file, line);
  return std::move(result).value();
}

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_MUST_H_

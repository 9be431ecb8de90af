#ifndef KVSTATE_TESTS_SUPPORT_PRESENT_H_
#define KVSTATE_TESTS_SUPPORT_PRESENT_H_

#include <stdexcept>
#include <string>

namespace kvstate::testing_support {

/// What a read gave, which must be there: stops the test, saying where, when it is not.
template <class T>
const T& Present(const T* value, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (value != nullptr) return *value;
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": there is nothing");
}

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_PRESENT_H_

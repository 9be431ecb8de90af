#ifndef KVSTATE_TESTS_MODEL_BACKENDS_UNDER_TEST_H_
#define KVSTATE_TESTS_MODEL_BACKENDS_UNDER_TEST_H_

#include <stdexcept>

#include "kvstate/backends.h"

namespace kvstate::model {

/// The backends that the library was built with.
inline const BackendRegistry& Backends() {
  static const BackendRegistry registry = [] {
    BackendRegistry made;
    const Status status = RegisterBuiltinBackends(made);
    if (!status.ok()) throw std::runtime_error(status.ToString());
    return made;
  }();
  return registry;
}

}  // namespace kvstate::model

#endif  // KVSTATE_TESTS_MODEL_BACKENDS_UNDER_TEST_H_

#include "kvstate/backends.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {

const BackendRegistry& TestedBackends() {
  static const BackendRegistry registry = [] {
    BackendRegistry made;
    Must(RegisterBuiltinBackends(made));
    return made;
  }();
  return registry;
}

}  // namespace kvstate::conformance

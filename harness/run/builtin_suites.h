#ifndef KVSTATE_HARNESS_RUN_BUILTIN_SUITES_H_
#define KVSTATE_HARNESS_RUN_BUILTIN_SUITES_H_

#include <span>
#include <string_view>

namespace kvstate::harness {

struct BuiltinSuite {
  std::string_view name;
  std::string_view yaml;
};

/// The suites of workloads/suites/*.yaml at the time of the build, by name.
std::span<const BuiltinSuite> BuiltinSuites();

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_BUILTIN_SUITES_H_

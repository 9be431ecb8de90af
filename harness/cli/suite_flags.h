#ifndef KVSTATE_HARNESS_CLI_SUITE_FLAGS_H_
#define KVSTATE_HARNESS_CLI_SUITE_FLAGS_H_

#include <cstdint>
#include <string>

#include "harness/run/steady_state.h"
#include "harness/run/suite.h"
#include "kvstate/status.h"

namespace kvstate::cli {

/// Flags about what happens between filling state and measuring; empty: as the suite says, or the default.
struct SteadyStateFlags {
  uint64_t fill_events = 0;
  std::string checkpoint;
  std::string settle;
};

/// Flags that change a suite's entries.
struct SuiteFlags {
  std::string suite;
  std::string set;    ///< Parameters that differ from the suite's.
  std::string sweep;  ///< Parameters that take several values.
  double scale = 0;   ///< 0: the suite's.
  uint64_t seed = 1;
  SteadyStateFlags steady_state;
};

/// INVALID_ARGUMENT, naming the flag.
Status ApplySteadyStateFlags(const SteadyStateFlags& flags, harness::SteadyStateSettings* settings);

/// The suite with all that the flags say of its entries: parameters, then sweeps, then the scale factor, then seeds.
Status ApplySuiteFlags(const SuiteFlags& flags, harness::Suite* suite);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_SUITE_FLAGS_H_

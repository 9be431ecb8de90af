#ifndef KVSTATE_HARNESS_CLI_COMMAND_RUN_H_
#define KVSTATE_HARNESS_CLI_COMMAND_RUN_H_

#include <cstdint>
#include <string>

#include "harness/cli/console.h"
#include "harness/cli/session.h"

namespace kvstate::cli {

struct RunOptions {
  MeasureOptions measure;
  std::string suite;
  std::string workloads;  ///< Globs; empty: all.
  std::string set;        ///< Parameters that differ from the suite's.
  uint64_t seed = 1;
};

/// `kvstate run`: a suite on all backends. Returns the exit code.
int RunCommand(const RunOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_RUN_H_

#ifndef KVSTATE_HARNESS_CLI_COMMAND_RUN_H_
#define KVSTATE_HARNESS_CLI_COMMAND_RUN_H_

#include <string>

#include "harness/cli/console.h"
#include "harness/cli/session.h"
#include "harness/cli/suite_flags.h"

namespace kvstate::cli {

struct RunOptions {
  MeasureOptions measure;
  SuiteFlags suite;
  std::string workloads;  ///< Globs; empty: all.
};

/// `kvstate run`: a suite on all backends. Returns the exit code.
int RunCommand(const RunOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_RUN_H_

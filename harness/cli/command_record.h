#ifndef KVSTATE_HARNESS_CLI_COMMAND_RECORD_H_
#define KVSTATE_HARNESS_CLI_COMMAND_RECORD_H_

#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/cli/suite_flags.h"

namespace kvstate::cli {

struct RecordCommandOptions {
  std::vector<std::string> workloads;  ///< Positional: one, of the suite, or any there is.
  SuiteFlags suite;
  std::string output;
  std::string values = "full";  ///< Or "sizes".
};

/// `kvstate record`: a workload's accesses to state into a trace file. Returns the exit code.
int RecordCommand(const RecordCommandOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_RECORD_H_

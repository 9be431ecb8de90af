#ifndef KVSTATE_HARNESS_CLI_COMMAND_LIST_H_
#define KVSTATE_HARNESS_CLI_COMMAND_LIST_H_

#include <string>

#include "harness/cli/console.h"

namespace kvstate::cli {

struct ListOptions {
  bool json = false;
};

/// `kvstate list`: backends with their options, workloads with their parameters, suites. Returns the exit code.
int ListCommand(const ListOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_LIST_H_

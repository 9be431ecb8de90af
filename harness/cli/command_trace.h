#ifndef KVSTATE_HARNESS_CLI_COMMAND_TRACE_H_
#define KVSTATE_HARNESS_CLI_COMMAND_TRACE_H_

#include <string>
#include <vector>

#include "harness/cli/console.h"

namespace kvstate::cli {

struct TraceInfoOptions {
  std::vector<std::string> traces;  ///< Positional.
  bool json = false;
  double sample_percent = 100;
};

/// `kvstate trace info`: what the accesses of a trace are like. Returns the exit code.
int TraceInfoCommand(const TraceInfoOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_TRACE_H_

#ifndef KVSTATE_HARNESS_CLI_COMMAND_REPLAY_H_
#define KVSTATE_HARNESS_CLI_COMMAND_REPLAY_H_

#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/cli/session.h"
#include "harness/cli/suite_flags.h"

namespace kvstate::cli {

struct ReplayOptions {
  MeasureOptions measure;
  SteadyStateFlags steady_state;
  std::vector<std::string> traces;  ///< Files.
};

/// `kvstate replay`: trace files on all backends. Returns the exit code.
int ReplayCommand(const ReplayOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_REPLAY_H_

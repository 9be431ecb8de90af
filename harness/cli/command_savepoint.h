#ifndef KVSTATE_HARNESS_CLI_COMMAND_SAVEPOINT_H_
#define KVSTATE_HARNESS_CLI_COMMAND_SAVEPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/cli/flag_parser.h"

namespace kvstate::cli {

struct SavepointOptions {
  std::vector<std::string> paths;  ///< Positional: one storage directory, or a folder of a checkpoint in one.
  bool json = false;
  std::string to;
  std::string out;
  std::string directory;  ///< For temporary files; empty: the console's.
  std::string reduce;
  uint32_t parallelism = 0;
  bool compress = false;
  std::string states;
  std::string key_groups;
  uint64_t limit = 0;
};

/// `kvstate savepoint list`, `info`, `verify`, `convert` and `dump`.
std::vector<CommandSpec> SavepointCommands();

/// Runs the one of that name. Returns the exit code.
int SavepointCommand(std::string_view name, const SavepointOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_SAVEPOINT_H_

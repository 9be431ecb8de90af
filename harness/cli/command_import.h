#ifndef KVSTATE_HARNESS_CLI_COMMAND_IMPORT_H_
#define KVSTATE_HARNESS_CLI_COMMAND_IMPORT_H_

#include <cstdint>
#include <string>

#include "harness/cli/console.h"

namespace kvstate::cli {

struct ImportOptions {
  std::string format;
  std::string input;
  std::string output;
  std::string key_column;
  std::string time_column;
  std::string value_column;
  std::string stream_column;
  bool header = false;
  std::string time_unit;
  std::string operator_name;
  std::string set;  ///< Parameters of the operator that differ from its defaults.
  bool skip_bad_rows = false;
  uint64_t key_prefix_bytes = 0;
  uint64_t seek_steps = 0;  ///< 0: one.
};

/// `kvstate import`: events of a file, through a workload's operator, or accesses that another program has written
/// down, into a trace. Returns the exit code.
int ImportCommand(const ImportOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_IMPORT_H_

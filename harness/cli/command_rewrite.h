#ifndef KVSTATE_HARNESS_CLI_COMMAND_REWRITE_H_
#define KVSTATE_HARNESS_CLI_COMMAND_REWRITE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/cli/console.h"

namespace kvstate::cli {

struct TraceRewriteOptions {
  std::vector<std::string> traces;  ///< Positional.
  std::string output;
  std::string values = "full";  ///< Or "sizes".
  std::string hash_keys;        ///< A file with a secret; empty: keys stay.
  // 0: from the beginning, to the end.
  uint64_t from_operation = 0;
  uint64_t to_operation = 0;
  uint64_t from_ms = 0;  ///< After the first operation.
  uint64_t to_ms = 0;
  bool salvage = false;
};

/// `kvstate trace rewrite`: a trace, or a part of one, or what is whole of one, into another file. Returns the exit
/// code.
int TraceRewriteCommand(const TraceRewriteOptions& options, const Console& console);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_COMMAND_REWRITE_H_

#ifndef KVSTATE_HARNESS_CLI_CONSOLE_H_
#define KVSTATE_HARNESS_CLI_CONSOLE_H_

#include <functional>
#include <ostream>
#include <string>

#include "harness/report/table.h"
#include "kvstate/backend_registry.h"
#include "kvstate/status.h"

namespace kvstate::cli {

inline constexpr int kExitGood = 0;
inline constexpr int kExitFailed = 1;  ///< A failed verification, or something that could not be done.
inline constexpr int kExitUsage = 2;   ///< The call is wrong.
inline constexpr int kExitInterrupted = 130;

/// What a subcommand has of the world: where it writes, what stops it, which backends there are.
struct Console {
  std::ostream& out;       ///< Results.
  std::ostream& err;       ///< Errors.
  std::ostream* progress;  ///< Null: no progress is shown.
  harness::TableStyle style;
  std::function<bool()> stopped;
  const BackendRegistry& registry;
  std::string temporary_directory;  ///< Where work directories go unless the call says where.
  std::string command;              ///< The command line, for the results.

  /// Writes the error and returns the exit code: kExitInterrupted for CANCELLED, else `code`.
  int Fail(const Status& status, int code = kExitFailed) const;
};

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_CONSOLE_H_

#ifndef KVSTATE_HARNESS_CLI_FLAG_PARSER_H_
#define KVSTATE_HARNESS_CLI_FLAG_PARSER_H_

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/status.h"

namespace kvstate::cli {

/// A subcommand as its help shows it, with the names of the gflags that it takes.
struct CommandSpec {
  std::string_view name;
  std::string_view arguments;    ///< Positional ones, such as "TRACE…"; empty when it takes none.
  std::string_view description;  ///< One line.
  std::vector<std::string_view> flags;
};

struct ParsedArguments {
  bool help = false;
  std::vector<std::string> positional;
};

/// Sets the gflags of `command` from --name=value, --name value, --flag and --noflag; "--" ends the flags.
/// INVALID_ARGUMENT, listing the flags there are, for one that the command does not have, and for a value that does not
/// parse. gflags' own parser is not used: it ends the program itself, and knows all commands' flags at once.
Result<ParsedArguments> ParseArguments(const CommandSpec& command, const std::vector<std::string>& arguments);

/// How the command is called, and each of its flags with its default.
void PrintHelp(const CommandSpec& command, std::ostream& out);

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_FLAG_PARSER_H_

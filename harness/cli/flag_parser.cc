#include "harness/cli/flag_parser.h"

#include <gflags/gflags.h>

#include <algorithm>
#include <ostream>

namespace kvstate::cli {

namespace {

constexpr size_t kHelpColumns = 100;
constexpr size_t kHelpIndent = 6;

std::string FlagNames(const CommandSpec& command) {
  std::string names;
  for (const std::string_view flag : command.flags) names += (names.empty() ? "--" : ", --") + std::string(flag);
  return names + ", --help";
}

bool Takes(const CommandSpec& command, std::string_view flag) {
  return std::find(command.flags.begin(), command.flags.end(), flag) != command.flags.end();
}

bool IsBool(const std::string& flag) { return gflags::GetCommandLineFlagInfoOrDie(flag.c_str()).type == "bool"; }

Status SetFlag(const std::string& flag, const std::string& value) {
  // gflags takes what it can of a value for a number and answers with an empty text for one it refuses.
  if (!gflags::SetCommandLineOption(flag.c_str(), value.c_str()).empty()) return Status();
  const gflags::CommandLineFlagInfo info = gflags::GetCommandLineFlagInfoOrDie(flag.c_str());
  return InvalidArgumentError("--" + flag + ": '" + value + "' is not a value of type " + info.type +
                              "; it is: " + info.description);
}

/// One flag, at `arguments[*at]`; moves `*at` on when its value is the next argument.
Status ParseFlag(const CommandSpec& command, const std::vector<std::string>& arguments, size_t* at) {
  std::string name = arguments[*at].substr(arguments[*at].starts_with("--") ? 2 : 1);
  const size_t equals = name.find('=');
  const bool has_value = equals != std::string::npos;
  std::string value = has_value ? name.substr(equals + 1) : "";
  name.resize(std::min(equals, name.size()));
  if (!has_value && name.starts_with("no") && Takes(command, name.substr(2)) && IsBool(name.substr(2))) {
    return SetFlag(name.substr(2), "false");
  }
  if (!Takes(command, name)) {
    return InvalidArgumentError("kvstate " + std::string(command.name) + " has no flag --" + name + "; there are " +
                                FlagNames(command));
  }
  if (!has_value) {
    if (IsBool(name)) return SetFlag(name, "true");
    if (*at + 1 >= arguments.size()) return InvalidArgumentError("--" + name + " needs a value: --" + name + "=…");
    value = arguments[++*at];
  }
  return SetFlag(name, value);
}

void PrintWrapped(std::string_view text, std::ostream& out) {
  const std::string indent(kHelpIndent, ' ');
  while (!text.empty()) {
    size_t end = text.size();
    if (end > kHelpColumns - kHelpIndent) {
      end = text.rfind(' ', kHelpColumns - kHelpIndent);
      if (end == std::string_view::npos || end == 0) end = std::min(text.find(' '), text.size());
    }
    out << indent << text.substr(0, end) << "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Result<ParsedArguments> ParseArguments(const CommandSpec& command, const std::vector<std::string>& arguments) {
  ParsedArguments parsed;
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (flags_ended || !argument.starts_with('-') || argument == "-") {
      if (command.arguments.empty()) {
        return InvalidArgumentError("kvstate " + std::string(command.name) + " takes flags alone, not '" + argument +
                                    "'; there are " + FlagNames(command));
      }
      parsed.positional.push_back(argument);
    } else if (argument == "--") {
      flags_ended = true;
    } else if (argument == "--help" || argument == "-help" || argument == "-h") {
      parsed.help = true;
    } else {
      KVSTATE_RETURN_IF_ERROR(ParseFlag(command, arguments, &i));
    }
  }
  return parsed;
}

void PrintHelp(const CommandSpec& command, std::ostream& out) {
  out << "kvstate " << command.name;
  if (!command.arguments.empty()) out << " " << command.arguments;
  if (!command.flags.empty()) out << " [flags]";
  out << "\n  " << command.description << "\n";
  if (!command.flags.empty()) out << "\nFlags:\n";
  for (const std::string_view flag : command.flags) {
    const gflags::CommandLineFlagInfo info = gflags::GetCommandLineFlagInfoOrDie(std::string(flag).c_str());
    out << "  --" << flag << " (" << info.type;
    if (!info.default_value.empty()) out << ", default " << info.default_value;
    out << ")\n";
    PrintWrapped(info.description, out);
  }
}

}  // namespace kvstate::cli

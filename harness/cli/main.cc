// The one place that reads flags and the environment: everything behind it takes plain options.

#include <gflags/gflags.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/cli/command_import.h"
#include "harness/cli/command_list.h"
#include "harness/cli/command_record.h"
#include "harness/cli/command_replay.h"
#include "harness/cli/command_rewrite.h"
#include "harness/cli/command_run.h"
#include "harness/cli/command_savepoint.h"
#include "harness/cli/command_trace.h"
#include "harness/cli/console.h"
#include "harness/cli/flag_parser.h"
#include "kvstate/backends.h"
#include "kvstate/version.h"

DEFINE_string(suite, "quick", "The suite to run: a name that 'kvstate list' shows, or a file ending in .yaml.");
DEFINE_string(backends, "",
              "Backends, with commas between them; all when empty. The first one is the reference: it is "
              "run twice to find the machine's noise.");
DEFINE_string(workloads, "",
              "Workloads of the suite to run: globs over their names, with commas between them; all when "
              "empty.");
DEFINE_uint32(repetitions, 0, "Replays of each backend that count, 1 to 1000; 0: as the suite says, or 5.");
DEFINE_uint64(seed, 1, "Seed of the generated streams, and of arrivals. The same seed gives the same ones.");
DEFINE_string(out, "",
              "File for the results as JSON, in Google Benchmark's schema; none when empty. For savepoint convert: the "
              "directory to make, or an empty one.");
DEFINE_string(directory, "",
              "Directory below which backends keep their files while they run; the system's for "
              "temporary files when empty. Nothing is left in it.");
DEFINE_string(engine_options, "",
              "Options of engines: <backend>.<option>=<value>, with commas between them; 'kvstate "
              "list' shows them.");
DEFINE_string(set, "",
              "Parameters that differ from the suite's: <workload>.source.<parameter>=<value> or "
              "<workload>.operator.<parameter>=<value>, with commas between them; the workload may be a glob. "
              "For import: <parameter of the operator>=<value>.");
DEFINE_string(sweep, "",
              "Parameters that take several values, one run for each combination: "
              "<workload>.source.<parameter>=<value>:<value>:… or the same of an operator, with commas between them.");
DEFINE_double(scale, 0,
              "Factor of the suite's sizes: events, keys, records, events that fill state and operations between "
              "checkpoints; 0.000001 to 1000000. 0: as the suite says, or 1.");
DEFINE_uint64(fill_events, 0,
              "The first so many events fill state and are not measured; 0: as the suite or the workload says.");
DEFINE_string(fill_checkpoint, "",
              "The checkpoint between filling and measuring: incremental, full, savepoint or none. Empty: as the suite "
              "says, or incremental.");
DEFINE_string(settle, "",
              "yes: engines flush and compact what filling left before measuring begins. no: it is charged to what is "
              "measured. Empty: as the suite says, or yes.");
DEFINE_uint64(checkpoint_interval, 0,
              "Operations between checkpoints: after those without, replays with checkpoints are measured, and their "
              "effect, size and restore. 0: as the suite says, or none.");
DEFINE_uint64(checkpoint_interval_ms, 0, "The same in milliseconds of the trace's own time, instead of operations.");
DEFINE_string(checkpoint_kind, "", "full, incremental or savepoint. Empty: as the suite says, or incremental.");
DEFINE_uint32(checkpoint_retained, 0, "Checkpoints kept at a time, 1 to 1000. 0: as the suite says, or 1.");
DEFINE_string(checkpoint_dir, "",
              "A directory for checkpoints, empty or to be made, in which those of each backend's last replay stay, by "
              "workload and backend. In the work directory, and removed, when not given.");
DEFINE_string(
    ttl_cleanup, "",
    "Ways of cleanup of states with a time to live, with commas between them, or all: no_ttl, no_cleanup, "
    "full_snapshot, incremental, compaction_filter, sweep, default. Each is measured on each backend that has "
    "it, in replays beside those of the workload as it is. Empty: as the suite says, or none.");
DEFINE_bool(json, false, "Print JSON.");
DEFINE_string(to, "", "What to convert to: savepoint, which every backend restores, or a backend.");
DEFINE_uint32(parallelism, 0,
              "Of run and replay: parallel instances of each backend, each on a thread of its own with its part of the "
              "key groups, 1 to 1024, measured beside the one; 0: just the one. Of savepoint: handles to make, each of "
              "a part of the key groups; 0: as many as there are.");
DEFINE_string(speed, "",
              "Measure replays at the trace's own time, too: real, or x<number> for so many times its speed; response "
              "times count from when an operation was to begin. max, or empty: each operation when the one before is "
              "done.");
DEFINE_string(rate, "",
              "Measure replays at so many operations a second, too, of all instances together, whether or not the "
              "backend keeps up; response times count from when an operation was to begin.");
DEFINE_string(arrivals, "", "Of --rate and --find_capacity: constant, evenly spaced, or poisson. Empty: constant.");
DEFINE_bool(find_capacity, false,
            "Look for the highest rate at which each backend keeps --latency_objective_ms, by replays of the whole "
            "trace at different rates.");
DEFINE_string(latency_objective_ms, "", "With --find_capacity: what the response time must not exceed, ms.");
DEFINE_string(latency_quantile, "",
              "With --find_capacity: of which the objective is: p50, p90, p99 or p999. Empty: p99.");
DEFINE_bool(compress, false, "Compress state streams with zstd.");
DEFINE_string(reduce, "",
              "Functions of reducing states, <state>=<function>, with commas between them: sum_int64, max_int64. An "
              "engine's checkpoint may hold inputs that only the state's function can combine.");
DEFINE_string(states, "", "States to dump: globs over their names, with commas between them; all when empty.");
DEFINE_string(key_groups, "", "Key groups to dump: <first>-<last>, or one; all when empty.");
DEFINE_uint64(limit, 0, "Entries to dump; 0: all.");
DEFINE_string(
    format, "csv",
    "Format of the file to import: csv or jsonl, whose events are fed to an operator; or rocksdb_trace, gadget "
    "or ycsb, which are accesses to a store already.");
DEFINE_uint64(
    key_prefix_bytes, 0,
    "Of rocksdb_trace and gadget: so many bytes of a stored key are the key, and the others the user key of a "
    "map. 0: all are the key, of a value or a list.");
DEFINE_uint64(seek_steps, 0,
              "Of rocksdb_trace: entries that a seek reads, which a trace does not tell; 0: one. Scans take maps: "
              "--key_prefix_bytes.");
DEFINE_string(input, "", "The file to import; gzip and zstd are told by their first bytes and unpacked.");
DEFINE_string(output, "", "The trace file to make.");
DEFINE_string(values, "full",
              "What the trace holds of values: full, or sizes alone: a replay then makes values of these sizes.");
DEFINE_string(
    hash_keys, "",
    "Put others in the place of keys, user keys and namespaces: the file with the secret, of 16 bytes or more, "
    "that it takes to do it again.");
DEFINE_uint64(from_operation, 0, "The first operation to keep, counted from 0.");
DEFINE_uint64(to_operation, 0, "The first operation behind those to keep; 0: to the end.");
DEFINE_uint64(from_ms, 0, "Keep from the first operation so many milliseconds of stream time after the trace's first.");
DEFINE_uint64(to_ms, 0, "Keep up to the first operation so many milliseconds after the trace's first; 0: to the end.");
DEFINE_bool(salvage, false, "Of a damaged or cut trace: save what is whole, and say what is lost.");
DEFINE_string(
    key_column, "",
    "The column that events are keyed by. Of csv: its number from 0, or its name in the header; 0 when empty. "
    "Of jsonl: the member's name, with dots between names of nested objects.");
DEFINE_string(time_column, "",
              "The column of event time: a decimal number of --time_unit. Named as --key_column; of csv 1 when empty.");
DEFINE_string(value_column, "", "The column of the events' value; none when empty.");
DEFINE_string(
    stream_column, "",
    "The column that says of which stream an event is, for operators that take several: 0, 1, … (joins: 0 left, "
    "1 right). Empty: all are of stream 0.");
DEFINE_bool(header, false, "Of csv: the first row names the columns.");
DEFINE_string(time_unit, "", "Unit of the times of csv, jsonl and gadget: us, ms or s; ms when empty.");
DEFINE_string(operator, "",
              "The workload whose operator the events are fed to; 'kvstate list' shows them. Empty: value_rmw.");
DEFINE_double(sample_percent, 100,
              "Keys, chosen by hash, of which growth, popularity, reuse and lifetimes are counted, and scaled up: for "
              "traces of more keys than fit in memory, at some 200 bytes each.");
DEFINE_bool(skip_bad_rows, false, "Count rows that can not be read and go on, instead of stopping at the first.");

namespace kvstate::cli {
namespace {

constexpr size_t kNameColumns = 19;  ///< Of the overview: the longest command and a gap.

volatile std::sig_atomic_t interrupted = 0;

extern "C" void Interrupt(int) { interrupted = 1; }

/// Interrupts end the work at the next chunk, so that directories and temporary files are removed. A closed pipe is an
/// error of the write, for the same reason.
void HandleSignals() {
  struct sigaction action = {};
  action.sa_handler = Interrupt;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

/// A command's own flags, and those of all that measures.
std::vector<std::string_view> WithMeasureFlags(std::vector<std::string_view> flags) {
  for (const char* flag : {"backends",
                           "repetitions",
                           "seed",
                           "fill_checkpoint",
                           "settle",
                           "engine_options",
                           "out",
                           "directory",
                           "checkpoint_interval",
                           "checkpoint_interval_ms",
                           "checkpoint_kind",
                           "checkpoint_retained",
                           "checkpoint_dir",
                           "ttl_cleanup",
                           "parallelism",
                           "speed",
                           "rate",
                           "arrivals",
                           "find_capacity",
                           "latency_objective_ms",
                           "latency_quantile"}) {
    flags.emplace_back(flag);
  }
  return flags;
}

const std::vector<CommandSpec>& Commands() {
  static const std::vector<CommandSpec> kCommands = [] {
    std::vector<CommandSpec> commands = {
        {"list", "", "Lists backends with their options, workloads with their parameters, and suites.", {"json"}},
        {"run", "", "Runs a suite of workloads on all backends, verifies that they agree, and compares them.",
         WithMeasureFlags({"suite", "workloads", "set", "sweep", "scale", "fill_events"})},
        {"record",
         "WORKLOAD",
         "Records the accesses to state of a suite's workload, or of any, into a trace file.",
         {"suite", "set", "scale", "fill_events", "seed", "output", "values"}},
        {"replay", "TRACE…", "Replays trace files on all backends, verifies that they agree, and compares them.",
         WithMeasureFlags({})},
        {"import",
         "",
         "Makes a trace file of a file: of events, through a workload's operator, or of another program's accesses.",
         {"format", "input", "output", "key_column", "time_column", "value_column", "stream_column", "header",
          "time_unit", "operator", "set", "key_prefix_bytes", "seek_steps", "skip_bad_rows"}},
        {"trace info",
         "TRACE",
         "Shows what a trace's accesses are like: mix, growth, popularity, reuse, sizes, lifetimes.",
         {"json", "sample_percent"}},
        {"trace rewrite",
         "TRACE",
         "Writes a trace again: a part of it, without values, with hashed keys, or what is whole of a damaged one.",
         {"output", "values", "hash_keys", "from_operation", "to_operation", "from_ms", "to_ms", "salvage"}},
    };
    for (CommandSpec& command : SavepointCommands()) commands.push_back(std::move(command));
    return commands;
  }();
  return kCommands;
}

/// The command that the arguments begin with, which may have a name of two words; null when there is none.
const CommandSpec* FindCommand(const std::vector<std::string>& arguments) {
  for (const CommandSpec& command : Commands()) {
    if (command.name == arguments[0] || (arguments.size() > 1 && command.name == arguments[0] + " " + arguments[1])) {
      return &command;
    }
  }
  return nullptr;
}

/// Those whose name's first word that is.
std::vector<const CommandSpec*> CommandGroup(const std::string& word) {
  std::vector<const CommandSpec*> group;
  for (const CommandSpec& command : Commands()) {
    if (command.name.substr(0, command.name.find(' ')) == word) group.push_back(&command);
  }
  return group;
}

void PrintHelps(const std::vector<const CommandSpec*>& commands, std::ostream& out) {
  for (size_t i = 0; i < commands.size(); ++i) {
    if (i > 0) out << "\n";
    PrintHelp(*commands[i], out);
  }
}

std::string CommandNames() {
  std::string names;
  std::string_view last;
  for (const CommandSpec& command : Commands()) {
    const std::string_view word = command.name.substr(0, command.name.find(' '));
    if (word != last) names += std::string(word) + ", ";
    last = word;
  }
  return names + "help";
}

void PrintOverview(std::ostream& out) {
  out << "kvstate " << LibraryVersionString()
      << ": keyed state backends for stream processing, measured\n\nkvstate <command> [flags]\n";
  for (const CommandSpec& command : Commands()) {
    out << "  " << command.name << std::string(kNameColumns - command.name.size(), ' ') << command.description << "\n";
  }
  out << "  help" << std::string(kNameColumns - 4, ' ')
      << "Shows this. 'kvstate help <command>' shows a command's flags.\n"
      << "\nExit codes: 0 good, 1 failed or not verified, 2 wrong usage, 130 interrupted.\n";
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

harness::TableStyle StyleOf(int fd) {
  harness::TableStyle style;
  if (isatty(fd) == 0) return style;
  winsize size = {};
  style.width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  style.colour = Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
  return style;
}

MeasureOptions MeasureFlags() {
  return {.backends = FLAGS_backends,
          .engine_options = FLAGS_engine_options,
          .repetitions = FLAGS_repetitions,
          .out = FLAGS_out,
          .directory = FLAGS_directory,
          .checkpoint = {.interval_operations = FLAGS_checkpoint_interval,
                         .interval_ms = FLAGS_checkpoint_interval_ms,
                         .kind = FLAGS_checkpoint_kind,
                         .retained = FLAGS_checkpoint_retained,
                         .directory = FLAGS_checkpoint_dir},
          .ttl_cleanup = FLAGS_ttl_cleanup,
          .load = {.speed = FLAGS_speed,
                   .rate = FLAGS_rate,
                   .arrivals = FLAGS_arrivals,
                   .parallelism = FLAGS_parallelism,
                   .find_capacity = FLAGS_find_capacity,
                   .latency_objective_ms = FLAGS_latency_objective_ms,
                   .latency_quantile = FLAGS_latency_quantile,
                   .seed = FLAGS_seed}};
}

SteadyStateFlags FlagsOfSteadyState() {
  return {.fill_events = FLAGS_fill_events, .checkpoint = FLAGS_fill_checkpoint, .settle = FLAGS_settle};
}

SuiteFlags FlagsOfSuite() {
  return {.suite = FLAGS_suite,
          .set = FLAGS_set,
          .sweep = FLAGS_sweep,
          .scale = FLAGS_scale,
          .seed = FLAGS_seed,
          .steady_state = FlagsOfSteadyState()};
}

int RunCommandNamed(std::string_view name, const ParsedArguments& arguments, const Console& console) {
  if (FLAGS_repetitions > 1000) {
    return console.Fail(
        InvalidArgumentError("--repetitions: " + std::to_string(FLAGS_repetitions) + " is not a number from 0 to 1000"),
        kExitUsage);
  }
  if (name == "list") return ListCommand({.json = FLAGS_json}, console);
  if (name == "run") {
    return RunCommand({.measure = MeasureFlags(), .suite = FlagsOfSuite(), .workloads = FLAGS_workloads}, console);
  }
  if (name.starts_with("savepoint ")) {
    return SavepointCommand(name,
                            {.paths = arguments.positional,
                             .json = FLAGS_json,
                             .to = FLAGS_to,
                             .out = FLAGS_out,
                             .directory = FLAGS_directory,
                             .reduce = FLAGS_reduce,
                             .parallelism = FLAGS_parallelism,
                             .compress = FLAGS_compress,
                             .states = FLAGS_states,
                             .key_groups = FLAGS_key_groups,
                             .limit = FLAGS_limit},
                            console);
  }
  if (name == "record") {
    return RecordCommand(
        {.workloads = arguments.positional, .suite = FlagsOfSuite(), .output = FLAGS_output, .values = FLAGS_values},
        console);
  }
  if (name == "trace rewrite") {
    return TraceRewriteCommand({.traces = arguments.positional,
                                .output = FLAGS_output,
                                .values = FLAGS_values,
                                .hash_keys = FLAGS_hash_keys,
                                .from_operation = FLAGS_from_operation,
                                .to_operation = FLAGS_to_operation,
                                .from_ms = FLAGS_from_ms,
                                .to_ms = FLAGS_to_ms,
                                .salvage = FLAGS_salvage},
                               console);
  }
  if (name == "trace info") {
    return TraceInfoCommand(
        {.traces = arguments.positional, .json = FLAGS_json, .sample_percent = FLAGS_sample_percent}, console);
  }
  if (name == "replay")
    return ReplayCommand(
        {.measure = MeasureFlags(), .steady_state = FlagsOfSteadyState(), .traces = arguments.positional}, console);
  return ImportCommand({.format = FLAGS_format,
                        .input = FLAGS_input,
                        .output = FLAGS_output,
                        .key_column = FLAGS_key_column,
                        .time_column = FLAGS_time_column,
                        .value_column = FLAGS_value_column,
                        .stream_column = FLAGS_stream_column,
                        .header = FLAGS_header,
                        .time_unit = FLAGS_time_unit,
                        .operator_name = FLAGS_operator,
                        .set = FLAGS_set,
                        .skip_bad_rows = FLAGS_skip_bad_rows,
                        .key_prefix_bytes = FLAGS_key_prefix_bytes,
                        .seek_steps = FLAGS_seek_steps},
                       console);
}

int Help(const std::vector<std::string>& topic) {
  if (topic.empty()) {
    PrintOverview(std::cout);
    return kExitGood;
  }
  const CommandSpec* command = FindCommand(topic);
  const std::vector<const CommandSpec*> group =
      command != nullptr ? std::vector<const CommandSpec*>{command} : CommandGroup(topic.front());
  if (group.empty()) {
    std::cerr << "kvstate: no command is named '" << topic.front() << "'; there are " << CommandNames() << "\n";
    return kExitUsage;
  }
  PrintHelps(group, std::cout);
  return kExitGood;
}

/// Of a group of commands, help is what was asked for, or is to be told.
int NoSuchCommand(const std::vector<std::string>& arguments) {
  const std::vector<const CommandSpec*> group = CommandGroup(arguments.front());
  if (group.empty()) {
    std::cerr << "kvstate: no command is named '" << arguments.front() << "'; there are " << CommandNames() << "\n";
    return kExitUsage;
  }
  if (arguments.size() > 1 && (arguments[1] == "--help" || arguments[1] == "-h" || arguments[1] == "help")) {
    PrintHelps(group, std::cout);
    return kExitGood;
  }
  std::cerr << "kvstate: " << arguments.front() << " is followed by what it is to do: ";
  for (const CommandSpec* command : group) {
    std::cerr << (command == group.front() ? "" : ", ") << command->name.substr(command->name.find(' ') + 1);
  }
  std::cerr << "\n";
  return kExitUsage;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    PrintOverview(std::cerr);
    return kExitUsage;
  }
  const std::string& name = arguments.front();
  if (name == "help" || name == "--help" || name == "-h") return Help({arguments.begin() + 1, arguments.end()});
  const CommandSpec* command = FindCommand(arguments);
  if (command == nullptr) return NoSuchCommand(arguments);
  const std::ptrdiff_t words = 1 + std::count(command->name.begin(), command->name.end(), ' ');
  const auto parsed = ParseArguments(*command, {arguments.begin() + words, arguments.end()});
  if (!parsed.ok()) {
    std::cerr << "kvstate: " << parsed.status().message() << "\n";
    return kExitUsage;
  }
  if (parsed->help) {
    PrintHelp(*command, std::cout);
    return kExitGood;
  }
  BackendRegistry registry;
  const Status registered = RegisterBuiltinBackends(registry);
  std::string line = "kvstate";
  for (const std::string& argument : arguments) line += " " + argument;
  const std::string temporary = Environment("TMPDIR");
  const Console console{.out = std::cout,
                        .err = std::cerr,
                        .progress = isatty(STDERR_FILENO) != 0 ? &std::cerr : nullptr,
                        .style = StyleOf(STDOUT_FILENO),
                        .stopped = [] { return interrupted != 0; },
                        .registry = registry,
                        .temporary_directory = temporary.empty() ? "/tmp" : temporary,
                        .command = line};
  if (!registered.ok()) return console.Fail(registered);
  HandleSignals();
  return RunCommandNamed(command->name, *parsed, console);
}

}  // namespace
}  // namespace kvstate::cli

int main(int argc, char** argv) { return kvstate::cli::Main({argv + 1, argv + argc}); }

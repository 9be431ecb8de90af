#include "harness/cli/command_import.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "harness/import/csv_source.h"
#include "harness/import/import_accesses.h"
#include "harness/import/json_lines_source.h"
#include "harness/replay/trace_file.h"
#include "harness/report/progress.h"
#include "harness/run/backend_choice.h"
#include "harness/run/record_workload.h"
#include "harness/run/run_suite.h"
#include "harness/run/suite.h"
#include "harness/run/work_directory.h"
#include "kvstate/serializers.h"

namespace kvstate::cli {

namespace {

constexpr std::string_view kDefaultOperator = "value_rmw";
constexpr uint64_t kMaxSeekSteps = 1'000'000;

bool IsEventFormat(const std::string& format) { return format == "csv" || format == "jsonl"; }

bool IsAccessFormat(const std::string& format) {
  const auto& formats = harness::AccessFormats();
  return std::find(formats.begin(), formats.end(), format) != formats.end();
}

/// INVALID_ARGUMENT for a flag that says nothing of files of the format.
Status CheckFlags(const ImportOptions& options) {
  const std::string& format = options.format;
  if (!IsEventFormat(format) && !IsAccessFormat(format)) {
    std::string formats = "csv, jsonl";
    for (const std::string_view other : harness::AccessFormats()) formats += ", " + std::string(other);
    return InvalidArgumentError("--format: '" + format + "' is not one that can be imported; there are " + formats);
  }
  if (options.input.empty()) return InvalidArgumentError("--input is missing: the file, as it is or in gzip or zstd");
  if (options.output.empty()) return InvalidArgumentError("--output is missing: the trace file to make");
  struct Flag {
    const char* name;
    bool given;
    bool allowed;
    const char* formats;
  };
  const bool events = IsEventFormat(format);
  const Flag flags[] = {
      {"header", options.header, format == "csv", "csv"},
      {"key_column", !options.key_column.empty(), events, "csv and jsonl"},
      {"time_column", !options.time_column.empty(), events, "csv and jsonl"},
      {"value_column", !options.value_column.empty(), events, "csv and jsonl"},
      {"stream_column", !options.stream_column.empty(), events, "csv and jsonl"},
      {"operator", !options.operator_name.empty(), events, "csv and jsonl"},
      {"set", !options.set.empty(), events, "csv and jsonl"},
      {"time_unit", !options.time_unit.empty(), events || format == "gadget", "csv, jsonl and gadget"},
      {"key_prefix_bytes", options.key_prefix_bytes > 0, format == "rocksdb_trace" || format == "gadget",
       "rocksdb_trace and gadget"},
      {"seek_steps", options.seek_steps > 0, format == "rocksdb_trace", "rocksdb_trace"},
  };
  for (const Flag& flag : flags) {
    if (!flag.given || flag.allowed) continue;
    return InvalidArgumentError(std::string("--") + flag.name + ": says nothing of a file of format " + format +
                                ", only of " + flag.formats);
  }
  return Status();
}

Result<harness::TimeUnit> TimeUnitOf(const ImportOptions& options) {
  if (options.time_unit.empty()) return harness::TimeUnit::kMilliseconds;
  return harness::ParseTimeUnit(options.time_unit);
}

Result<std::unique_ptr<workloads::Operator>> OperatorOf(const ImportOptions& options) {
  const std::string name(options.operator_name.empty() ? kDefaultOperator : options.operator_name);
  const auto spec = workloads::FindWorkload(name);
  if (!spec.ok()) return spec.status().WithContext("--operator");
  if (!(*spec)->takes_any_events) {
    return InvalidArgumentError("--operator: '" + name +
                                "' decodes the events of its own source alone; 'kvstate record' records them");
  }
  workloads::Parameters parameters;
  for (const std::string& assignment : harness::SplitList(options.set)) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) {
      return InvalidArgumentError("--set: '" + assignment + "' is not <parameter of the operator>=<value>");
    }
    parameters[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  auto made = (*spec)->make_operator(parameters);
  if (!made.ok()) return made.status().WithContext("--set");
  return made;
}

Result<harness::FileSourceOptions> SourceOptionsOf(const ImportOptions& options) {
  if (options.format == "jsonl" && (options.key_column.empty() || options.time_column.empty())) {
    return InvalidArgumentError(
        "--key_column and --time_column must name members of the objects of a file of JSON lines");
  }
  harness::FileSourceOptions source;
  source.path = options.input;
  source.header = options.header;
  if (!options.key_column.empty()) source.key_column = options.key_column;
  if (!options.time_column.empty()) source.time_column = options.time_column;
  source.value_column = options.value_column;
  source.stream_column = options.stream_column;
  source.skip_bad_rows = options.skip_bad_rows;
  KVSTATE_ASSIGN_OR_RETURN(source.time_unit, TimeUnitOf(options));
  return source;
}

Result<std::unique_ptr<harness::FileSource>> OpenSource(const std::string& format,
                                                        const harness::FileSourceOptions& options) {
  if (format == "csv") return harness::CsvSource::Open(options);
  return harness::JsonLinesSource::Open(options);
}

void PrintTrace(const harness::TraceWriter& writer, const ImportOptions& options, const std::string& of,
                std::ostream& out) {
  out << options.output << ": " << of << writer.totals().operations << " operations on " << writer.totals().states
      << " states, ";
}

void PrintBadRows(const ImportOptions& options, uint64_t bad_rows, const std::string& first, std::ostream& out) {
  if (!options.skip_bad_rows) return;
  out << bad_rows << " bad rows were skipped";
  if (bad_rows > 0) out << "; the first: " << first;
  out << "\n";
}

int ImportEvents(const ImportOptions& options, const Console& console) {
  const auto columns = SourceOptionsOf(options);
  if (!columns.ok()) return console.Fail(columns.status(), kExitUsage);
  auto op = OperatorOf(options);
  if (!op.ok()) return console.Fail(op.status(), kExitUsage);
  auto source = OpenSource(options.format, *columns);
  if (!source.ok()) {
    const bool usage = source.status().code() == StatusCode::kInvalidArgument;
    return console.Fail(source.status(), usage ? kExitUsage : kExitFailed);
  }
  auto writer = harness::TraceWriter::Create(options.output);
  if (!writer.ok()) return console.Fail(writer.status().WithContext("--output"));
  auto directory = harness::WorkDirectory::Create(console.temporary_directory);
  if (!directory.ok()) return console.Fail(directory.status());
  harness::RecordOptions record;
  record.clock = std::make_shared<ManualClock>();
  auto backend = harness::MakeBackend(console.registry, {std::string(harness::kRecordingBackend), {}},
                                      RawBytesSerializer(), kDefaultMaxParallelism, **directory, record.clock);
  if (!backend.ok()) return console.Fail(backend.status());

  harness::Progress progress(console.progress);
  progress.SetSteps(1);
  progress.BeginStep("importing " + options.input);
  record.stopped = console.stopped;
  record.progress = [&](uint64_t) {
    progress.Update((*source)->file().stored_bytes_read(), (*source)->file().stored_bytes());
  };
  const auto stream = harness::RecordWorkload(**source, **op, std::move(backend).value(), writer->get(), record);
  progress.Clear();
  if (!stream.ok()) return console.Fail(stream.status());
  PrintTrace(**writer, options, std::to_string(stream->events) + " events, ", console.out);
  console.out << stream->state.entries << " entries at the end, " << (*writer)->bytes() << " bytes\n";
  PrintBadRows(options, (*source)->bad_rows(), (*source)->first_bad_row(), console.out);
  console.out.flush();
  return console.out ? kExitGood : kExitFailed;
}

int ImportAccesses(const ImportOptions& options, const Console& console) {
  const auto time_unit = TimeUnitOf(options);
  if (!time_unit.ok()) return console.Fail(time_unit.status(), kExitUsage);
  if (options.key_prefix_bytes > kMaxKeyBytes || options.seek_steps > kMaxSeekSteps) {
    return console.Fail(InvalidArgumentError("--key_prefix_bytes is up to " + std::to_string(kMaxKeyBytes) +
                                             ", --seek_steps up to " + std::to_string(kMaxSeekSteps)),
                        kExitUsage);
  }
  harness::AccessImportOptions access{.path = options.input, .format = options.format};
  access.key_prefix_bytes = options.key_prefix_bytes;
  access.seek_steps = std::max<uint64_t>(1, options.seek_steps);
  access.time_unit = *time_unit;
  access.skip_bad_rows = options.skip_bad_rows;
  access.stopped = console.stopped;
  auto writer = harness::TraceWriter::Create(options.output);
  if (!writer.ok()) return console.Fail(writer.status().WithContext("--output"));
  harness::Progress progress(console.progress);
  progress.SetSteps(1);
  progress.BeginStep("importing " + options.input);
  access.progress = [&](uint64_t done, uint64_t all) { progress.Update(done, all); };
  const auto report = harness::ImportAccesses(access, writer->get());
  progress.Clear();
  if (!report.ok()) return console.Fail(report.status());
  PrintTrace(**writer, options, "", console.out);
  console.out << (*writer)->bytes() << " bytes\n";
  for (const auto& [what, count] : report->left_out) console.out << "left out: " << count << " " << what << "\n";
  PrintBadRows(options, report->bad_rows, report->first_bad_row, console.out);
  console.out.flush();
  return console.out ? kExitGood : kExitFailed;
}

}  // namespace

int ImportCommand(const ImportOptions& options, const Console& console) {
  const Status flags = CheckFlags(options);
  if (!flags.ok()) return console.Fail(flags, kExitUsage);
  return IsEventFormat(options.format) ? ImportEvents(options, console) : ImportAccesses(options, console);
}

}  // namespace kvstate::cli

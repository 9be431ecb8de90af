#include "harness/cli/command_import.h"

#include <memory>
#include <utility>

#include "harness/import/csv_source.h"
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

Result<std::unique_ptr<workloads::Operator>> OperatorOf(const ImportOptions& options) {
  const auto spec = workloads::FindWorkload(options.operator_name);
  if (!spec.ok()) return spec.status().WithContext("--operator");
  if (!(*spec)->takes_any_events) {
    return InvalidArgumentError("--operator: '" + options.operator_name +
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
  const bool csv = options.format == "csv";
  if (!csv && options.format != "jsonl") {
    return InvalidArgumentError("--format: '" + options.format +
                                "' is not one that can be imported; there are csv and jsonl");
  }
  if (options.input.empty()) return InvalidArgumentError("--input is missing: the file, as it is or in gzip or zstd");
  if (options.output.empty()) return InvalidArgumentError("--output is missing: the trace file to make");
  if (!csv && options.header) {
    return InvalidArgumentError("--header: columns of JSON lines have names, and there is no header to read");
  }
  if (!csv && (options.key_column.empty() || options.time_column.empty())) {
    return InvalidArgumentError(
        "--key_column and --time_column must name members of the objects of a file of JSON lines");
  }
  harness::FileSourceOptions source;
  source.path = options.input;
  source.header = options.header;
  if (!options.key_column.empty()) source.key_column = options.key_column;
  if (!options.time_column.empty()) source.time_column = options.time_column;
  source.value_column = options.value_column;
  source.skip_bad_rows = options.skip_bad_rows;
  KVSTATE_ASSIGN_OR_RETURN(source.time_unit, harness::ParseTimeUnit(options.time_unit));
  return source;
}

Result<std::unique_ptr<harness::FileSource>> OpenSource(const std::string& format,
                                                        const harness::FileSourceOptions& options) {
  if (format == "csv") return harness::CsvSource::Open(options);
  return harness::JsonLinesSource::Open(options);
}

void Summarize(const harness::RecordedStream& stream, const harness::FileSource& source,
               const harness::TraceWriter& writer, const ImportOptions& options, std::ostream& out) {
  out << options.output << ": " << stream.events << " events, " << writer.totals().operations << " operations on "
      << writer.totals().states << " states, " << stream.state.entries << " entries at the end, " << writer.bytes()
      << " bytes\n";
  if (options.skip_bad_rows) {
    out << source.bad_rows() << " bad rows were skipped";
    if (source.bad_rows() > 0) out << "; the first: " << source.first_bad_row();
    out << "\n";
  }
}

}  // namespace

int ImportCommand(const ImportOptions& options, const Console& console) {
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
  Summarize(*stream, **source, **writer, options, console.out);
  return kExitGood;
}

}  // namespace kvstate::cli

#include "harness/cli/command_import.h"

#include <memory>
#include <utility>

#include "harness/import/csv_source.h"
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

Result<harness::CsvOptions> CsvOptionsOf(const ImportOptions& options) {
  if (options.format != "csv") {
    return InvalidArgumentError("--format: '" + options.format + "' is not one that can be imported; there is csv");
  }
  if (options.input.empty()) return InvalidArgumentError("--input is missing: the CSV file, gzip or not");
  if (options.output.empty()) return InvalidArgumentError("--output is missing: the trace file to make");
  harness::CsvOptions csv;
  csv.path = options.input;
  csv.header = options.header;
  csv.key_column = options.key_column;
  csv.time_column = options.time_column;
  csv.value_column = options.value_column;
  csv.skip_bad_rows = options.skip_bad_rows;
  KVSTATE_ASSIGN_OR_RETURN(csv.time_unit, harness::ParseTimeUnit(options.time_unit));
  return csv;
}

void Summarize(const harness::RecordedStream& stream, const harness::CsvSource& source,
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
  const auto csv = CsvOptionsOf(options);
  if (!csv.ok()) return console.Fail(csv.status(), kExitUsage);
  auto op = OperatorOf(options);
  if (!op.ok()) return console.Fail(op.status(), kExitUsage);
  auto source = harness::CsvSource::Open(*csv);
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

#include "harness/cli/command_record.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/replay/trace_file.h"
#include "harness/report/progress.h"
#include "harness/run/record_workload.h"
#include "harness/run/suite.h"
#include "harness/run/work_directory.h"

namespace kvstate::cli {

namespace {

/// What the suite has under that name; else the workload of that name with its own defaults.
Result<harness::SuiteWorkload> EntryOf(const RecordCommandOptions& options) {
  if (options.workloads.size() != 1) {
    return InvalidArgumentError("kvstate record needs the name of one workload; 'kvstate list' shows them");
  }
  const std::string& name = options.workloads.front();
  KVSTATE_ASSIGN_OR_RETURN(harness::Suite suite, harness::LoadSuite(options.suite.suite));
  const auto in_suite = std::find_if(suite.workloads.begin(), suite.workloads.end(),
                                     [&](const harness::SuiteWorkload& entry) { return entry.name == name; });
  if (in_suite != suite.workloads.end()) {
    suite.workloads = {*in_suite};
  } else {
    std::vector<std::string> variants;
    for (const harness::SuiteWorkload& entry : suite.workloads) {
      if (entry.base == name) variants.push_back(entry.name);
    }
    if (!variants.empty()) {
      return InvalidArgumentError("suite '" + suite.name + "' sweeps '" + name + "'; a trace is of one of " +
                                  harness::JoinList(variants));
    }
    const auto spec = workloads::FindWorkload(name);
    if (!spec.ok()) return spec.status().WithContext("suite '" + suite.name + "' has no '" + name + "'");
    suite.workloads = {
        harness::SuiteWorkload{.name = name, .base = name, .workload = name, .source = {}, .operators = {}}};
  }
  KVSTATE_RETURN_IF_ERROR(ApplySuiteFlags(options.suite, &suite));
  if (suite.workloads.size() > 1) {
    return InvalidArgumentError("--sweep: a trace is of one workload; give one value of each parameter by --set");
  }
  return suite.workloads.front();
}

}  // namespace

int RecordCommand(const RecordCommandOptions& options, const Console& console) {
  const auto entry = EntryOf(options);
  if (!entry.ok()) return console.Fail(entry.status(), kExitUsage);
  if (options.output.empty()) {
    return console.Fail(InvalidArgumentError("--output is missing: the trace file to make"), kExitUsage);
  }
  if (options.values != "full" && options.values != "sizes") {
    return console.Fail(InvalidArgumentError("--values: '" + options.values + "' is neither full nor sizes"),
                        kExitUsage);
  }
  auto writer = harness::TraceWriter::Create(options.output, options.values == "sizes");
  if (!writer.ok()) return console.Fail(writer.status().WithContext("--output"));
  auto directory = harness::WorkDirectory::Create(console.temporary_directory);
  if (!directory.ok()) return console.Fail(directory.status());
  harness::Progress progress(console.progress);
  progress.SetSteps(1);
  progress.BeginStep("recording " + entry->name);
  const auto stream = harness::RecordEntry(*entry, console.registry, **directory, writer->get(), console.stopped,
                                           [&](uint64_t done, uint64_t events) { progress.Update(done, events); });
  progress.Clear();
  if (!stream.ok()) {
    const bool usage = stream.status().code() == StatusCode::kInvalidArgument;
    return console.Fail(stream.status(), usage ? kExitUsage : kExitFailed);
  }
  const harness::TraceTotals& totals = (*writer)->totals();
  console.out << options.output << ": " << stream->events << " events, " << totals.operations << " operations on "
              << totals.states << " states, " << stream->state.entries << " entries at the end, " << (*writer)->bytes()
              << " bytes\n";
  console.out.flush();
  return console.out ? kExitGood : kExitFailed;
}

}  // namespace kvstate::cli

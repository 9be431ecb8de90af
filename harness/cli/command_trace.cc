#include "harness/cli/command_trace.h"

#include "harness/profile/profile_listing.h"
#include "harness/profile/trace_profile.h"
#include "harness/replay/trace_file.h"
#include "harness/report/progress.h"

namespace kvstate::cli {

namespace {

Status ProfileTrace(harness::TraceReader& trace, const Console& console, harness::TraceProfile* profile) {
  harness::Progress progress(console.progress);
  progress.SetSteps(1);
  progress.BeginStep("reading " + std::string(trace.name()));
  while (true) {
    if (console.stopped()) return CancelledError("interrupted");
    KVSTATE_ASSIGN_OR_RETURN(const auto* chunk, trace.NextChunk());
    if (chunk->empty()) break;
    for (const harness::TraceOperation& operation : *chunk) profile->Add(operation, trace.states());
    progress.Update(profile->operations(), trace.operations());
  }
  progress.Clear();
  profile->Finish();
  return Status();
}

}  // namespace

int TraceInfoCommand(const TraceInfoOptions& options, const Console& console) {
  if (options.traces.size() != 1) {
    return console.Fail(
        InvalidArgumentError("kvstate trace info needs the name of one trace file; 'kvstate record' and "
                             "'kvstate import' make them"),
        kExitUsage);
  }
  if (!(options.sample_percent > 0 && options.sample_percent <= 100)) {
    return console.Fail(InvalidArgumentError("--sample_percent: " + std::to_string(options.sample_percent) +
                                             " is not a number above 0 and up to 100"),
                        kExitUsage);
  }
  auto trace = harness::TraceReader::Open(options.traces.front());
  if (!trace.ok()) return console.Fail(trace.status());
  harness::TraceProfile profile((*trace)->operations(), options.sample_percent);
  const Status status = ProfileTrace(**trace, console, &profile);
  if (!status.ok()) return console.Fail(status);
  const harness::TraceTotals& totals = (*trace)->totals();
  const harness::ProfiledTrace profiled{options.traces.front(), (*trace)->file_bytes(), totals.first_time_ms,
                                        totals.last_time_ms,    (*trace)->header(),     totals.fill_operations};
  console.out << (options.json ? harness::ProfileJson(profiled, profile)
                               : harness::ProfileText(profiled, profile, console.style));
  console.out.flush();
  return console.out ? kExitGood : kExitFailed;
}

}  // namespace kvstate::cli

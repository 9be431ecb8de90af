#include "harness/cli/session.h"

#include <utility>

#include "harness/report/json_writer.h"

namespace kvstate::cli {

int MeasureSession::Open() {
  auto backends = harness::ChooseBackends(console_.registry, options_.backends, options_.engine_options);
  if (!backends.ok()) return console_.Fail(backends.status(), kExitUsage);
  backends_ = std::move(backends).value();
  if (!options_.out.empty()) {
    auto out = harness::AtomicFile::Create(options_.out);
    if (!out.ok()) return console_.Fail(out.status().WithContext("--out"));
    out_ = std::move(out).value();
  }
  if (const Status status = PrepareCheckpointDirectory(options_.checkpoint.directory); !status.ok()) {
    return console_.Fail(status.WithContext("--checkpoint_dir"));
  }
  const bool given = !options_.directory.empty();
  auto directory = harness::WorkDirectory::Create(given ? options_.directory : console_.temporary_directory);
  if (!directory.ok()) return console_.Fail(given ? directory.status().WithContext("--directory") : directory.status());
  directory_ = std::move(directory).value();
  const Status tried = harness::TryBackends(console_.registry, backends_, *directory_);
  if (tried.ok()) return kExitGood;
  return console_.Fail(tried, tried.code() == StatusCode::kInvalidArgument ? kExitUsage : kExitFailed);
}

harness::MeasurementContext MeasureSession::Context(uint64_t default_repetitions) {
  return {.registry = console_.registry,
          .backends = backends_,
          .directory = *directory_,
          .clock = clock_,
          .progress = progress_,
          .stopped = console_.stopped,
          .repetitions = options_.repetitions == 0 ? default_repetitions : options_.repetitions,
          .checkpoint_directory = options_.checkpoint.directory};
}

void MeasureSession::Show(const harness::WorkloadRun& run) {
  if (shown_) console_.out << "\n";
  shown_ = true;
  console_.out << harness::WorkloadTable(run, console_.style) << std::flush;
}

int MeasureSession::Close(const Status& outcome, harness::RunResults results) {
  progress_.Clear();
  if (!outcome.ok()) return console_.Fail(outcome);
  results.command = console_.command;
  results.tick_source = harness::TickClock::source();
  results.tick_drift_ratio = clock_.Drift();
  if (out_ != nullptr) {
    Status written = out_->Write(harness::ResultsAsJson(results));
    if (written.ok()) written = out_->Commit();
    if (!written.ok()) return console_.Fail(written.WithContext("--out"));
  }
  console_.out.flush();
  if (!console_.out) return console_.Fail(InternalError("the table could not be written to standard output"));
  return kExitGood;
}

}  // namespace kvstate::cli

#ifndef KVSTATE_HARNESS_CLI_SESSION_H_
#define KVSTATE_HARNESS_CLI_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/cli/checkpoint_flags.h"
#include "harness/cli/console.h"
#include "harness/load/load_spec.h"
#include "harness/probes/tick_clock.h"
#include "harness/report/atomic_file.h"
#include "harness/report/progress.h"
#include "harness/report/results.h"
#include "harness/run/backend_choice.h"
#include "harness/run/measurement.h"
#include "harness/run/work_directory.h"

namespace kvstate::cli {

/// Flags that `run` and `replay` share.
struct MeasureOptions {
  std::string backends;
  std::string engine_options;
  uint64_t repetitions = 0;  ///< 0: the default of what is run.
  std::string out;           ///< Empty: no JSON.
  std::string directory;     ///< Empty: the console's.
  CheckpointFlags checkpoint = {};
  std::string ttl_cleanup = {};  ///< Names of ways of cleanup; empty: as the suite says.
  harness::LoadSpec load = {};
};

/// A measuring subcommand from its checked flags to its results: what can fail is tried before any work is done, and
/// nothing is left behind.
class MeasureSession {
 public:
  MeasureSession(const MeasureOptions& options, const Console& console)
      : options_(options), console_(console), progress_(console.progress) {}

  /// Chooses and tries the backends, makes the work directory and the results' temporary file. kExitGood, or the exit
  /// code after it has said why.
  int Open();
  /// Of the session; `default_repetitions` where the flags do not say.
  harness::MeasurementContext Context(uint64_t default_repetitions);
  /// Prints the table of a workload.
  void Show(const harness::WorkloadRun& run);
  /// Writes the results, or reports the failure; the exit code.
  int Close(const Status& outcome, harness::RunResults results);

 private:
  const MeasureOptions& options_;
  const Console& console_;
  harness::Progress progress_;
  harness::TickClock clock_ = harness::TickClock::Calibrate();
  std::vector<harness::BackendChoice> backends_;
  std::unique_ptr<harness::WorkDirectory> directory_;
  std::unique_ptr<harness::AtomicFile> out_;
  bool shown_ = false;
};

}  // namespace kvstate::cli

#endif  // KVSTATE_HARNESS_CLI_SESSION_H_

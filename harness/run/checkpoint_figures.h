#ifndef KVSTATE_HARNESS_RUN_CHECKPOINT_FIGURES_H_
#define KVSTATE_HARNESS_RUN_CHECKPOINT_FIGURES_H_

#include <cstdint>
#include <vector>

#include "harness/probes/state_image.h"
#include "harness/report/results.h"
#include "harness/run/checkpoint_driver.h"
#include "harness/run/restore_measurement.h"

namespace kvstate::harness {

/// docs/metrics.md, "Checkpoints", defines each.

/// State at a moment of the plan.
struct ExpectedCheckpoint {
  StateChange change;  ///< Since the moment before.
  uint64_t entries = 0;
};

/// A checkpoint's own figures.
Figures CheckpointFigures(const TakenCheckpoint& taken);
/// The same of one that was awaited, against what had changed and against copying as many bytes.
Figures AwaitedCheckpointFigures(const TakenCheckpoint& taken, const ExpectedCheckpoint& expected,
                                 uint64_t copy_time_ns);

/// Sums and medians of sizes over the checkpoints, which were awaited, of one replay.
void AddSizeFigures(const std::vector<Figures>& checkpoints, Figures* figures);
/// Sums and quantiles of times over the checkpoints of one replay, or of several.
void AddTimeFigures(const std::vector<Figures>& checkpoints, Figures* figures);
void AddRestoreFigures(const MeasuredRestore& restore, uint64_t copy_time_ns, Figures* figures);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_CHECKPOINT_FIGURES_H_

#ifndef KVSTATE_HARNESS_RUN_TTL_FIGURES_H_
#define KVSTATE_HARNESS_RUN_TTL_FIGURES_H_

#include <vector>

#include "harness/report/results.h"
#include "harness/run/ttl_oracle.h"
#include "harness/run/ttl_watch.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::harness {

/// docs/metrics.md, "Time to live", defines each.

/// Of each moment, what is stored.
std::vector<Figures> TtlMomentFigures(const std::vector<TtlMoment>& moments, const std::vector<StoredAtMoment>& stored);
/// Over all moments: what is stored against what is live, lags, and what a time adds to a value. REQUIRES: as many
/// stored ones as moments, and at least one.
void AddStoredFigures(const std::vector<TtlMoment>& moments, const std::vector<StoredAtMoment>& stored,
                      Figures* figures);
/// What cleanup has done, summed over the states.
void AddCleanupFigures(const std::vector<TtlFigures>& cleanup, Figures* figures);
/// Of each run, its repetitions and its engine against those of the same backend without a time to live, and with one
/// but without cleanup, where those were run too: ratios within each round, and their medians. REQUIRES: all have as
/// many repetitions, and medians.
void AddTtlRatios(std::vector<BackendRun>* runs);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_TTL_FIGURES_H_

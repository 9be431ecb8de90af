#ifndef KVSTATE_HARNESS_RUN_LOAD_FIGURES_H_
#define KVSTATE_HARNESS_RUN_LOAD_FIGURES_H_

#include "harness/load/load_run.h"
#include "harness/probes/tick_clock.h"
#include "harness/report/results.h"

namespace kvstate::harness {

/// Below that share of the offered rate a backend has not kept up.
inline constexpr double kKeptUpRatio = 0.99;

/// Operations a second that began and that were done; 0 where the trace's time stands still.
double OfferedRate(const LoadResult& result);
double AchievedRate(const LoadResult& result);

/// A replay under a load as the results have it.
Repetition LoadRepetitionOf(const LoadResult& result, const TickClock& clock);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_LOAD_FIGURES_H_

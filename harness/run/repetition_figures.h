#ifndef KVSTATE_HARNESS_RUN_REPETITION_FIGURES_H_
#define KVSTATE_HARNESS_RUN_REPETITION_FIGURES_H_

#include "harness/probes/tick_clock.h"
#include "harness/replay/replayer.h"
#include "harness/report/results.h"

namespace kvstate::harness {

/// A timed replay as the results have it: times, throughput, and quantiles of the latencies.
Repetition RepetitionOf(const ReplayResult& replayed, const Latencies& latencies, const TickClock& clock);

/// Fills in the medians of the repetitions' figures, and the throughput with its interval. REQUIRES: there are some.
void TakeMedians(BackendRun* backend);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_REPETITION_FIGURES_H_

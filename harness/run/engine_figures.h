#ifndef KVSTATE_HARNESS_RUN_ENGINE_FIGURES_H_
#define KVSTATE_HARNESS_RUN_ENGINE_FIGURES_H_

#include "harness/report/results.h"
#include "kvstate/engine_statistics.h"

namespace kvstate::harness {

/// What an engine did between two readings of its counters, and what it holds at the second; docs/metrics.md, "The
/// engine", defines each.
void AddEngineFigures(const EngineCounters& before, const EngineCounters& after, Figures* figures);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_ENGINE_FIGURES_H_

#ifndef KVSTATE_HARNESS_REPORT_JSON_WRITER_H_
#define KVSTATE_HARNESS_REPORT_JSON_WRITER_H_

#include <string>

#include "harness/report/results.h"

namespace kvstate::harness {

/// The results in Google Benchmark's schema, which its compare.py reads: `context`, and `benchmarks` with one row a
/// repetition and one of medians; results/schema/results.schema.json describes it. Names are <workload>/<backend>.
std::string ResultsAsJson(const RunResults& results);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_JSON_WRITER_H_

#ifndef KVSTATE_HARNESS_REPORT_LOAD_TABLE_H_
#define KVSTATE_HARNESS_REPORT_LOAD_TABLE_H_

#include <string>

#include "harness/report/results.h"
#include "harness/report/table.h"

namespace kvstate::harness {

/// What is shown of the replays of a workload under load, or of its capacities. REQUIRES: run.load_request.
std::string LoadTable(const WorkloadRun& run, const TableStyle& style);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_LOAD_TABLE_H_

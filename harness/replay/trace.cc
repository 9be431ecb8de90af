#include "harness/replay/trace.h"

namespace kvstate::harness {

Status MarkEndOfFill(TraceTotals* totals) {
  if (totals->fill_operations != 0) return FailedPreconditionError("trace: the end of filling is marked already");
  totals->fill_operations = totals->operations;
  return Status();
}

}  // namespace kvstate::harness

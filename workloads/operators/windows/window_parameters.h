#ifndef KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_PARAMETERS_H_
#define KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_PARAMETERS_H_

#include "workloads/operators/windows/window_assigner.h"
#include "workloads/parameters.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// `window_ms` and `slide_ms`: of windows that an operator has by a WindowAssigner.
ParameterSpec WindowParameter();
ParameterSpec SlideParameter();

/// Reads `window_ms`.
WindowAssigner ReadTumbling(ParameterReader& reader);
/// Reads both.
WindowAssigner ReadSliding(ParameterReader& reader);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_WINDOWS_WINDOW_PARAMETERS_H_

#ifndef KVSTATE_WORKLOADS_OPERATORS_TTL_PARAMETERS_H_
#define KVSTATE_WORKLOADS_OPERATORS_TTL_PARAMETERS_H_

#include <string>
#include <utility>

#include "kvstate/state_descriptor.h"
#include "workloads/operators/event_time.h"
#include "workloads/parameters.h"

namespace kvstate::workloads {

/// The parameter `ttl_ms` of an operator whose state has a time to live.
inline ParameterSpec TtlParameter(std::string default_value) {
  return {"ttl_ms", std::move(default_value), "Time to live of what is stored, in milliseconds, 1 to 2^50"};
}

/// Expired values are never returned, so that the output depends on the stream alone. How they are cleaned up after is
/// the backend's choice, or a run's.
inline TtlConfig ReadTtl(ParameterReader& reader, TtlConfig::Update update) {
  TtlConfig ttl;
  ttl.ttl_millis = reader.Integer("ttl_ms", 1, kMaxDurationMs);
  ttl.update = update;
  return ttl;
}

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_TTL_PARAMETERS_H_

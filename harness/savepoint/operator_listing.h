#ifndef KVSTATE_HARNESS_SAVEPOINT_OPERATOR_LISTING_H_
#define KVSTATE_HARNESS_SAVEPOINT_OPERATOR_LISTING_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "kvstate/checkpoint.h"

namespace kvstate::harness {

/// Names of operator states, each once for its operator.
size_t CountOperatorStates(const CheckpointMetadata& metadata);

/// Tables of operator states and raw streams, and of their files; empty when there are none.
std::string OperatorText(const CheckpointMetadata& metadata);

/// Adds "operator_states", "raw_keyed_streams", "raw_operator_streams" and their "operator_files", arrays.
void AddOperatorJson(const CheckpointMetadata& metadata, nlohmann::ordered_json* json);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_OPERATOR_LISTING_H_

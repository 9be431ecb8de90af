#ifndef KVSTATE_WORKLOADS_SOURCES_STATE_MICRO_SOURCE_H_
#define KVSTATE_WORKLOADS_SOURCES_STATE_MICRO_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// Event.stream of the two phases of a state micro-benchmark.
enum StateMicroStream : uint32_t { kSetUpStream = 0, kAccessStream = 1 };

/// What an access may need, as Event.value has it; which operand is used is the operator's choice. Event.key is a
/// set-up key. Keys are longs in their canonical 8 bytes.
struct StateMicroEvent {
  int64_t new_key = 0;  ///< That no set-up event has.
  uint64_t number = 0;  ///< Of the event in its phase, from 0.
  int64_t value = 0;    ///< Random.
};
void EncodeStateMicroEvent(const StateMicroEvent& event, ByteWriter& to);
/// DATA_LOSS for other bytes.
Result<StateMicroEvent> DecodeStateMicroEvent(ByteView bytes);

/// The parameters of MakeStateMicroSource; the defaults are the benchmark's.
std::vector<ParameterSpec> StateMicroSourceParameters();

/// The keys and values of Flink's state micro-benchmarks: set-up events for the keys 0, 1, 2, …, which fill; then
/// events with the set-up keys shuffled and, beside them, the new keys after those shuffled, both again and again. What
/// an event holds follows from its number and the seed alone. `workload` is for messages.
Result<std::unique_ptr<EventSource>> MakeStateMicroSource(std::string_view workload,
                                                          const std::vector<ParameterSpec>& specs,
                                                          const Parameters& parameters, uint64_t seed);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_STATE_MICRO_SOURCE_H_

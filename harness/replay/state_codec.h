#ifndef KVSTATE_HARNESS_REPLAY_STATE_CODEC_H_
#define KVSTATE_HARNESS_REPLAY_STATE_CODEC_H_

#include <cstdint>

#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Of trace files, as this program writes them. It reads older ones too.
inline constexpr uint32_t kTraceVersion = 3;

/// A trace's description of a state, as bytes; docs/formats.md gives the encoding.
/// UNIMPLEMENTED for a state that bytes can not describe: one whose function has no name in
/// workloads::NamedReduceFunction or NamedAggregateFunction. How a time to live is cleaned up after is not in it: that
/// is a run's choice.
Status EncodeTraceState(const TraceState& state, ByteWriter& out);

/// The state with serializers made from their snapshots. DATA_LOSS for bytes that do not decode; INVALID_ARGUMENT for a
/// serializer or a function that this program does not have, or one that works on other types. `version`: of the trace,
/// 1 to kTraceVersion.
Result<TraceState> DecodeTraceState(ByteView bytes, uint32_t version = kTraceVersion);

void EncodeTraceHeader(const TraceHeader& header, ByteWriter& out);
Result<TraceHeader> DecodeTraceHeader(ByteView bytes, uint32_t version = kTraceVersion);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_STATE_CODEC_H_

#ifndef KVSTATE_HARNESS_REPLAY_STATE_CODEC_H_
#define KVSTATE_HARNESS_REPLAY_STATE_CODEC_H_

#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// A trace's description of a state, as bytes; docs/formats.md gives the encoding.
/// UNIMPLEMENTED for a state that bytes can not describe: one whose function has no name in
/// workloads::NamedReduceFunction, and one with a time to live.
Status EncodeTraceState(const TraceState& state, ByteWriter& out);

/// The state with serializers made from their snapshots. DATA_LOSS for bytes that do not decode; INVALID_ARGUMENT for a
/// serializer or a function that this program does not have.
Result<TraceState> DecodeTraceState(ByteView bytes);

void EncodeTraceHeader(const TraceHeader& header, ByteWriter& out);
Result<TraceHeader> DecodeTraceHeader(ByteView bytes);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_STATE_CODEC_H_

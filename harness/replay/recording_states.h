#ifndef KVSTATE_HARNESS_REPLAY_RECORDING_STATES_H_
#define KVSTATE_HARNESS_REPLAY_RECORDING_STATES_H_

#include <memory>

#include "harness/replay/recorder.h"
#include "kvstate/internal_kv_state.h"

namespace kvstate::harness {

/// A state of the same kind that passes each call on to `inner` and, where it succeeds, records it as an access of
/// state number `number`. Visitors and serialized point reads are passed on and not recorded. Both arguments must
/// outlive it.
std::unique_ptr<InternalKVState> MakeRecordingState(Recorder* recorder, uint32_t number, InternalKVState* inner);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_RECORDING_STATES_H_

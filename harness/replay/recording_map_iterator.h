#ifndef KVSTATE_HARNESS_REPLAY_RECORDING_MAP_ITERATOR_H_
#define KVSTATE_HARNESS_REPLAY_RECORDING_MAP_ITERATOR_H_

#include <cstdint>
#include <memory>

#include "harness/replay/recorder.h"
#include "kvstate/internal_kv_state.h"

namespace kvstate::harness {

/// An iterator that passes calls on to `inner` and records them: as one scan where nothing else happened between its
/// making and its end, otherwise as opening, advancing, changing and closing. Must not outlive `recorder`.
std::unique_ptr<MapIterator> MakeRecordingMapIterator(Recorder* recorder, uint32_t state,
                                                      const TypeSerializer& value_serializer,
                                                      std::unique_ptr<MapIterator> inner);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_RECORDING_MAP_ITERATOR_H_

#ifndef KVSTATE_BACKENDS_CHECKPOINT_TIMER_STREAM_H_
#define KVSTATE_BACKENDS_CHECKPOINT_TIMER_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "backends/checkpoint/snapshot_writer.h"
#include "backends/common/heap_timers.h"
#include "kvstate/checkpoint.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Timers on the heap are the last file of a handle, a state stream of changes with a map for each queue, whatever the
/// rest of the handle is: docs/formats.md, "Timers". Of a chain of streams it is simply the last.
inline constexpr std::string_view kTimersFile = "timers.stream";

/// One queue of a snapshot.
struct TimersToWrite {
  SavedState state;
  std::unique_ptr<HeapTimers::View> view;
};

/// `work`, and the queues beside it. `states` are those of the handle that `work` gives.
std::unique_ptr<SnapshotWork> WithTimers(std::unique_ptr<SnapshotWork> work, KeyedStateHandle handle,
                                         std::vector<TimersToWrite> queues);

/// Takes the timers' file and states off a handle, which gives the rest to its backend; the handle of what was taken
/// has no files when there are none. DATA_LOSS when one of the two is missing.
Result<KeyedStateHandle> TakeTimersOff(KeyedStateHandle* handle);

/// Calls `visit` for each timer in `range` of what TakeTimersOff gave; `queue` is an index into its states. DATA_LOSS,
/// naming the file, when it is damaged.
Status ReadTimers(CheckpointStorage& storage, const KeyedStateHandle& timers, KeyGroupRange range,
                  const std::function<void(size_t queue, uint32_t key_group, StoredTimer timer)>& visit);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_TIMER_STREAM_H_

#ifndef KVSTATE_HARNESS_REPLAY_RECORDING_TIMERS_H_
#define KVSTATE_HARNESS_REPLAY_RECORDING_TIMERS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/replay/recorder.h"
#include "harness/replay/trace.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/timers.h"

namespace kvstate::harness {

/// Decorates a backend's queues of timers: what changes or looks at their heads goes into the trace. Not recorded:
/// Size, ForEach.
class RecordingTimers final : public Timers {
 public:
  /// Both must outlive this.
  RecordingTimers(Timers* inner, Recorder* recorder) : inner_(*inner), recorder_(*recorder) {}
  ~RecordingTimers() override;

  Result<TimerQueue*> GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                       TimerStorage storage) override;
  std::vector<std::string> QueueNames() const override { return inner_.QueueNames(); }
  bool HasCurrentKey() const override { return inner_.HasCurrentKey(); }

 private:
  struct Named {
    std::string name;
    std::unique_ptr<TimerQueue> queue;
  };

  Timers& inner_;
  Recorder& recorder_;
  std::vector<Named> queues_;
};

/// The backend's queue that `traced` names. UNIMPLEMENTED when the backend has no timers. REQUIRES: traced.timers.
Result<TimerQueue*> OpenTraceQueue(KeyedStateBackend& backend, const TraceState& traced);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_RECORDING_TIMERS_H_

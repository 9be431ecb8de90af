#ifndef KVSTATE_HARNESS_REPLAY_OPERATION_RUNNER_H_
#define KVSTATE_HARNESS_REPLAY_OPERATION_RUNNER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/probes/serialization_probe.h"
#include "harness/replay/digest.h"
#include "harness/replay/prepared_chunk.h"
#include "harness/replay/trace.h"
#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/timers.h"

namespace kvstate::harness {

/// Makes the calls that prepared operations stand for. With `kVerify` it also hashes what reads give, in order.
template <bool kVerify>
class OperationRunner {
 public:
  /// All must outlive the runner; `probe` and `clock` may be null.
  OperationRunner(KeyedStateBackend* backend, SerializationProbe* probe, ManualClock* clock)
      : backend_(*backend), probe_(probe), clock_(clock) {}

  /// Makes those of the trace's states that are not there yet.
  Status AddStates(const std::vector<TraceState>& states);
  Status Run(const PreparedOperation& operation);

  uint64_t hits() const { return hits_; }
  Digest read_digest() const { return read_digest_; }

 private:
  struct State {
    InternalKVState* state = nullptr;
    TimerQueue* timers = nullptr;  ///< Of a queue, which has no state.
    StateKind kind = StateKind::kValue;
    /// What reads of values and of results give; without the probe.
    const TypeSerializer* value = nullptr;
    const TypeSerializer* output = nullptr;
    TraceState traced;
  };
  struct OpenMapIterator {
    uint32_t state = 0;
    std::unique_ptr<MapIterator> iterator;
    bool is_at_end = false;  ///< The last step found no entry.
  };

  Status MakeState(State* state);
  Status RunOnMap(const PreparedOperation& operation, State& state);
  Status RunOnIterator(const PreparedOperation& operation, State& state);
  Status RunOnBackend(const PreparedOperation& operation, State& state);
  Status RunOnTimers(const PreparedOperation& operation, TimerQueue& timers);
  Status Merge(const PreparedOperation& operation, State& state);
  /// Whether the last step found an entry.
  Result<bool> Advance(MapIterator& iterator, const PreparedOperation& operation, State& state);
  Status WalkKeys(KeyIterator& keys, uint64_t steps);
  Result<OpenMapIterator*> OpenIterator(uint32_t number);
  Status Took(const Result<const void*>& read, const TypeSerializer* serializer);
  Status TookFlag(const Result<bool>& read);
  void Digested(ByteView bytes);

  KeyedStateBackend& backend_;
  SerializationProbe* const probe_;
  ManualClock* const clock_;
  std::vector<State> states_;
  std::vector<OpenMapIterator> iterators_;
  uint64_t hits_ = 0;
  Digest read_digest_;
  ByteWriter bytes_;
};

extern template class OperationRunner<false>;
extern template class OperationRunner<true>;

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_OPERATION_RUNNER_H_

#ifndef KVSTATE_HARNESS_LOAD_TRACE_SPLITTER_H_
#define KVSTATE_HARNESS_LOAD_TRACE_SPLITTER_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "kvstate/timers.h"

namespace kvstate::harness {

/// Gives each operation of a trace to the parallel instance that owns its key's group (KeyGroupRangeOf), in the trace's
/// order, so that the instances together end as one alone does. Not thread-safe.
///
/// - An iterator's operations go where it was opened.
/// - Timers are added and removed where their key is. The head that a trace looks at is the first of all: it is the
///   head of one instance, which the splitter finds by keeping the trace's timers itself.
/// - A walk over keys and the removal of a state are for all instances: each does its part, which is an operation.
/// - What changes the current key or namespace alone waits until an instance has an operation that needs it.
class TraceSplitter {
 public:
  struct Part {
    uint32_t instance = 0;
    TraceOperation operation;
  };

  /// `timers`: an empty backend over all key groups, used for timers alone; it must outlive this. Null where
  /// `parallelism` is 1. REQUIRES: 1 <= parallelism <= header.max_parallelism.
  TraceSplitter(const TraceHeader& header, uint32_t parallelism, KeyedStateBackend* timers);

  /// The parts of the trace's next operation: one, or one for each instance. They and their views are valid until the
  /// next call, or until those of `operation` are not. `states`: of the trace.
  Result<std::span<const Part>> Split(const TraceOperation& operation, const std::vector<TraceState>& states);

 private:
  /// What was set last in the trace, and in which instances.
  struct Context {
    bool is_set = false;
    std::string bytes;
    uint64_t version = 0;
    std::vector<uint64_t> versions;  ///< By instance.
  };

  uint32_t InstanceOf(ByteView key) const;
  void Note(Context* context, ByteView bytes);
  void TakeContext(const TraceOperation& operation);
  Result<uint32_t> InstanceOfHead(const TraceOperation& operation, const std::vector<TraceState>& states);
  Result<TimerQueue*> QueueOf(uint32_t state, const std::vector<TraceState>& states);
  Status FollowTimer(const TraceOperation& operation, const std::vector<TraceState>& states);
  void AddPart(uint32_t instance, const TraceOperation& operation);

  const TraceHeader header_;
  const uint32_t parallelism_;
  KeyedStateBackend* const timers_;
  Context key_;
  uint32_t key_instance_ = 0;
  std::vector<Context> namespaces_;     ///< By state.
  std::vector<TimerQueue*> queues_;     ///< By state; null where it is none, or none was needed.
  std::vector<uint32_t> of_iterators_;  ///< Instances, by iterator.
  std::vector<Part> parts_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_TRACE_SPLITTER_H_

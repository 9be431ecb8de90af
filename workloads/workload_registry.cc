#include <algorithm>
#include <cassert>
#include <string>

#include "workloads/workload.h"

/// The workloads, sorted by name, a line each: workload(Function), where `WorkloadSpec Function()` is defined in a file
/// of its own, or of its family, under operators/.
// clang-format off
#define KVSTATE_FOR_EACH_WORKLOAD(workload) \
  workload(ContinuousJoin)                  \
  workload(Dedup)                           \
  workload(EventPattern)                    \
  workload(FeatureCounters)                 \
  workload(IntervalJoin)                    \
  workload(KeyTimers)                       \
  workload(LastSeen)                        \
  workload(ListAppend)                      \
  workload(MapPoint)                        \
  workload(MicroBatchAllKeys)               \
  workload(MicroBatchChangedKeys)           \
  workload(NexmarkQ11)                      \
  workload(NexmarkQ12)                      \
  workload(NexmarkQ15)                      \
  workload(NexmarkQ16)                      \
  workload(NexmarkQ17)                      \
  workload(NexmarkQ18)                      \
  workload(NexmarkQ19)                      \
  workload(NexmarkQ20)                      \
  workload(NexmarkQ3)                       \
  workload(NexmarkQ4)                       \
  workload(NexmarkQ5)                       \
  workload(NexmarkQ7)                       \
  workload(NexmarkQ8)                       \
  workload(NexmarkQ9)                       \
  workload(RunningAggregate)                \
  workload(SessionHolistic)                 \
  workload(SessionIncremental)              \
  workload(SessionWindows)                  \
  workload(SlidingHolistic)                 \
  workload(SlidingIncremental)              \
  workload(SlidingJoin)                     \
  workload(SlidingPanes)                    \
  workload(StateMicroList)                  \
  workload(StateMicroMap)                   \
  workload(StateMicroValue)                 \
  workload(TemporalJoin)                    \
  workload(TopN)                            \
  workload(TtlColdKeys)                     \
  workload(TtlDedup)                        \
  workload(TtlEventList)                    \
  workload(TtlFeatureMap)                   \
  workload(TtlSessionStore)                 \
  workload(TumblingCount)                   \
  workload(TumblingHolistic)                \
  workload(TumblingIncremental)             \
  workload(TumblingJoin)                    \
  workload(ValueRmw)                        \
  workload(WordCount)                       \
  workload(YcsbA)                           \
  workload(YcsbB)                           \
  workload(YcsbC)                           \
  workload(YcsbD)                           \
  workload(YcsbE)                           \
  workload(YcsbF)
// clang-format on

namespace kvstate::workloads {

#define KVSTATE_DECLARE_WORKLOAD(function) WorkloadSpec function();
KVSTATE_FOR_EACH_WORKLOAD(KVSTATE_DECLARE_WORKLOAD)
#undef KVSTATE_DECLARE_WORKLOAD

const std::vector<WorkloadSpec>& Workloads() {
#define KVSTATE_CALL_WORKLOAD(function) function(),
  static const std::vector<WorkloadSpec> workloads = {KVSTATE_FOR_EACH_WORKLOAD(KVSTATE_CALL_WORKLOAD)};
#undef KVSTATE_CALL_WORKLOAD
  assert(std::is_sorted(workloads.begin(), workloads.end(),
                        [](const WorkloadSpec& a, const WorkloadSpec& b) { return a.name < b.name; }));
  return workloads;
}

Result<const WorkloadSpec*> FindWorkload(std::string_view name) {
  std::string names;
  for (const WorkloadSpec& workload : Workloads()) {
    if (workload.name == name) return &workload;
    names += (names.empty() ? "" : ", ") + workload.name;
  }
  return InvalidArgumentError("there is no workload \"" + std::string(name) + "\"; there are " + names);
}

}  // namespace kvstate::workloads

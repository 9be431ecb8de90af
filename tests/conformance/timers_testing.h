#ifndef KVSTATE_TESTS_CONFORMANCE_TIMERS_TESTING_H_
#define KVSTATE_TESTS_CONFORMANCE_TIMERS_TESTING_H_

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "kvstate/extension.h"
#include "kvstate/timer_service.h"
#include "kvstate/timers.h"
#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {

/// Timestamp, key, namespace.
using OneTimer = std::tuple<int64_t, std::string, std::string>;
using TimerList = std::vector<OneTimer>;

inline constexpr std::array kTimerStorages = {TimerStorage::kHeap, TimerStorage::kBackend};

inline std::string NameOf(TimerStorage storage) { return storage == TimerStorage::kHeap ? "heap" : "backend"; }

inline Timers& TimersOf(KeyedStateBackend& backend) { return *GetExtension<Timers>(backend); }
inline TimerQueue& QueueOf(KeyedStateBackend& backend, TimerStorage storage, const std::string& name = "timers",
                           const SerializerPtr& of_namespace = SerializerFor<VoidNamespace>()) {
  return *Must(TimersOf(backend).GetOrCreateQueue(name, of_namespace, storage));
}

inline OneTimer Owned(const Timer& timer) {
  return {timer.timestamp, std::string(timer.key), std::string(timer.state_namespace)};
}
inline Timer ViewOf(const OneTimer& timer) { return {std::get<0>(timer), std::get<1>(timer), std::get<2>(timer)}; }

/// The head, if there is one.
inline TimerList HeadOf(TimerQueue& queue) {
  Timer head;
  return Must(queue.Peek(&head)) ? TimerList{Owned(head)} : TimerList();
}

/// All of them, in the order in which Poll gives them; the queue is empty afterwards.
inline TimerList PollAll(TimerQueue& queue) {
  TimerList all;
  Timer head;
  while (Must(queue.Poll(&head))) all.push_back(Owned(head));
  return all;
}

/// All of them, key group by key group.
inline TimerList Walk(TimerQueue& queue, KeyGroupRange range) {
  TimerList all;
  for (uint32_t group = range.first; group <= range.last; ++group) {
    Must(queue.ForEach(group, [&](const Timer& timer) {
      all.push_back(Owned(timer));
      return Status();
    }));
  }
  return all;
}

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_CONFORMANCE_TIMERS_TESTING_H_

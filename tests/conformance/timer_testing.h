#ifndef KVSTATE_TESTS_CONFORMANCE_TIMER_TESTING_H_
#define KVSTATE_TESTS_CONFORMANCE_TIMER_TESTING_H_

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "kvstate/extension.h"
#include "kvstate/timers.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {

inline constexpr std::array kTimerStorages = {TimerStorage::kHeap, TimerStorage::kBackend};

inline const char* NameOf(TimerStorage storage) { return storage == TimerStorage::kHeap ? "heap" : "backend"; }

/// Timestamp, canonical key, canonical namespace. Under keys of a fixed size in the order of a queue.
using TimerItem = std::tuple<int64_t, std::string, std::string>;
using TimerItems = std::vector<TimerItem>;

inline TimerItem ItemOf(const Timer& timer) {
  return {timer.timestamp, std::string(timer.key), std::string(timer.state_namespace)};
}
inline Timer TimerOf(const TimerItem& item) { return {std::get<0>(item), std::get<1>(item), std::get<2>(item)}; }

inline Timers& TimersOf(KeyedStateBackend& backend) {
  auto* timers = GetExtension<Timers>(backend);
  if (timers == nullptr) throw std::runtime_error("a backend without timers");
  return *timers;
}

/// Polls until nothing is left.
inline TimerItems Drained(TimerQueue& queue) {
  TimerItems items;
  Timer timer;
  while (Must(queue.Poll(&timer))) items.push_back(ItemOf(timer));
  return items;
}

/// All timers, key group by key group.
inline TimerItems Listed(KeyedStateBackend& backend, TimerQueue& queue) {
  TimerItems items;
  const KeyGroupRange range = backend.key_group_range();
  for (uint32_t group = range.first; group <= range.last; ++group) {
    Must(queue.ForEach(group, [&](const Timer& timer) {
      items.push_back(ItemOf(timer));
      return Status();
    }));
  }
  return items;
}

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_CONFORMANCE_TIMER_TESTING_H_

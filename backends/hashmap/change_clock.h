#ifndef KVSTATE_BACKENDS_HASHMAP_CHANGE_CLOCK_H_
#define KVSTATE_BACKENDS_HASHMAP_CHANGE_CLOCK_H_

#include <cstdint>

namespace kvstate::backends::hashmap {

/// Time as changes and snapshots of one backend know it, shared by its states: epochs, each of which ends with a
/// snapshot. Owner's thread.
struct ChangeClock {
  /// What is changed now is changed in this one. A snapshot has what was changed in those before its own.
  uint32_t epoch = 1;
  /// Changes are kept for increments, whether or not a snapshot runs.
  bool tracking = false;
  /// Increments will not ask for changes of epochs before.
  uint32_t floor = 0;
  /// How often an entry was changed for the first time in an epoch, while anybody watched.
  uint64_t changes = 0;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_CHANGE_CLOCK_H_

#ifndef KVSTATE_TESTS_EVOLUTION_OLDER_TYPES_H_
#define KVSTATE_TESTS_EVOLUTION_OLDER_TYPES_H_

#include "tests/fault/older_checkpoints.h"

namespace kvstate {

/// A savepoint of every built-in type, and of values with a time to live.
const OlderCheckpoint& OlderTypes();

}  // namespace kvstate

#endif  // KVSTATE_TESTS_EVOLUTION_OLDER_TYPES_H_

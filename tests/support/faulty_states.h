#ifndef KVSTATE_TESTS_SUPPORT_FAULTY_STATES_H_
#define KVSTATE_TESTS_SUPPORT_FAULTY_STATES_H_

#include <memory>

#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "tests/support/faulty_backend.h"

namespace kvstate::testing_support {

/// What the states of a faulty backend know of it.
struct FaultyContext {
  Fault fault = Fault::kNone;
  const KeyedStateBackend* backend = nullptr;
  std::shared_ptr<const Clock> clock;
};

/// `inner` behind a decorator with the fault; null for a kind in which no fault shows by itself.
std::unique_ptr<InternalKVState> MakeFaultyState(InternalKVState* inner, const FaultyContext& context);

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAULTY_STATES_H_

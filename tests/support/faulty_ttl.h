#ifndef KVSTATE_TESTS_SUPPORT_FAULTY_TTL_H_
#define KVSTATE_TESTS_SUPPORT_FAULTY_TTL_H_

#include <functional>
#include <set>
#include <string_view>
#include <vector>

#include "kvstate/internal_kv_state.h"
#include "kvstate/ttl_sweep.h"
#include "tests/support/faulty_backend.h"

namespace kvstate::testing_support {

/// What a backend with the fault makes of the descriptor's time to live.
StateDescriptor WithFaultyTtl(StateDescriptor descriptor, Fault fault);

/// Writes all that the state has once more, so that it is of now.
Status ForgetTimes(InternalKVState& state);

/// The TtlSweep of a backend, which removes an entry of a state with a time to live at each call.
class DroppingSweep final : public TtlSweep {
 public:
  explicit DroppingSweep(TtlSweep* inner) : inner_(inner) {}
  void Watch(InternalKVState* state) {
    if (state->descriptor().ttl.has_value()) states_.insert(state);
  }
  void Forget(InternalKVState* state) { states_.erase(state); }

  Result<bool> Sweep(uint64_t max_entries) override;
  std::vector<TtlFigures> Figures() const override { return inner_->Figures(); }
  Status VisitStored(std::string_view state_name,
                     const std::function<Status(const TimedValue& value)>& visit) override {
    return inner_->VisitStored(state_name, visit);
  }

 private:
  TtlSweep* const inner_;
  std::set<InternalKVState*> states_;
};

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAULTY_TTL_H_

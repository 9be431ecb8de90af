#include "harness/load/capacity_search.h"

#include <cassert>
#include <cmath>

namespace kvstate::harness {

namespace {

constexpr double kUp = 1.25;
constexpr double kDown = 2;
constexpr double kNearRates = 1.25;
constexpr double kNearResponse = 2;

class Search {
 public:
  Search(double objective_ns, const std::function<Result<RateProbe>(double)>& probe)
      : objective_ns_(objective_ns), probe_(probe) {}

  Result<Capacity> Run(double closed_loop_rate) {
    KVSTATE_RETURN_IF_ERROR(Bracket(closed_loop_rate));
    if (found_.held == 0 || found_.failed == 0) return found_;
    while (found_.failed / found_.held > kCapacityPrecision) {
      KVSTATE_RETURN_IF_ERROR(Try(std::sqrt(found_.failed * found_.held)));
    }
    return found_;
  }

 private:
  Status Bracket(double closed_loop_rate) {
    double rate = kCapacityFirst * closed_loop_rate;
    KVSTATE_RETURN_IF_ERROR(Try(rate));
    while (found_.failed == 0 && rate < kCapacityMost * closed_loop_rate) {
      rate *= kUp;
      KVSTATE_RETURN_IF_ERROR(Try(rate));
    }
    while (found_.held == 0 && rate > kCapacityLeast * closed_loop_rate) {
      rate /= kDown;
      KVSTATE_RETURN_IF_ERROR(Try(rate));
    }
    return Status();
  }

  bool IsNear(const RateProbe& probe) const {
    if (found_.held > 0 && found_.failed > 0 && found_.failed / found_.held <= kNearRates) return true;
    return probe.response_ns > objective_ns_ / kNearResponse && probe.response_ns < objective_ns_ * kNearResponse;
  }

  Status Try(double rate) {
    int holding = 0;
    int failing = 0;
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const RateProbe probe, probe_(rate));
      ++found_.probes;
      ++(probe.holds ? holding : failing);
      if (holding == 2 || failing == 2) break;
      if (holding + failing == 1 && !IsNear(probe)) break;
    }
    (holding > failing ? found_.held : found_.failed) = rate;
    return Status();
  }

  const double objective_ns_;
  const std::function<Result<RateProbe>(double)>& probe_;
  Capacity found_;
};

}  // namespace

Result<Capacity> FindCapacity(double closed_loop_rate, double objective_ns,
                              const std::function<Result<RateProbe>(double rate)>& probe) {
  assert(closed_loop_rate > 0);
  return Search(objective_ns, probe).Run(closed_loop_rate);
}

}  // namespace kvstate::harness

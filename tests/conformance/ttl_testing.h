#ifndef KVSTATE_TESTS_CONFORMANCE_TTL_TESTING_H_
#define KVSTATE_TESTS_CONFORMANCE_TTL_TESTING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/clock.h"
#include "kvstate/extension.h"
#include "kvstate/ttl_sweep.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {

inline constexpr int64_t kStart = 1000;  ///< What the clock shows first.
inline constexpr int64_t kTtl = 100;

/// A time to live without any cleanup but by accesses.
inline TtlConfig Uncleaned(int64_t ttl_millis = kTtl) {
  TtlConfig ttl;
  ttl.ttl_millis = ttl_millis;
  ttl.cleanup.incremental_entries = 0;
  ttl.cleanup.compaction_filter = false;
  return ttl;
}
inline TtlConfig RefreshedByReads(TtlConfig ttl = Uncleaned()) {
  ttl.update = TtlConfig::Update::kOnReadAndWrite;
  return ttl;
}

template <class Descriptor>
Descriptor WithTtl(Descriptor descriptor, const TtlConfig& ttl = Uncleaned()) {
  descriptor.ttl = ttl;
  return descriptor;
}

/// A fixture whose backends have a clock that the test moves.
template <class Base>
class OnManualClock : public Base {
 protected:
  OnManualClock() { Base::UseClock(clock_); }
  explicit OnManualClock(const std::string& backend) : Base(backend) { Base::UseClock(clock_); }

  ManualClock& clock() { return *clock_; }
  static TtlSweep& SweepOf(KeyedStateBackend& backend) {
    auto* sweep = GetExtension<TtlSweep>(backend);
    if (sweep == nullptr) throw std::runtime_error("a backend without TtlSweep");
    return *sweep;
  }
  /// Until one pass over everything is complete that began in here.
  static void SweepAll(KeyedStateBackend& backend) {
    for (int passes = 0; passes < 2; ++passes) {
      int calls = 0;
      while (!Must(SweepOf(backend).Sweep(1000))) {
        if (++calls == 10000) throw std::runtime_error("sweeping does not end");
      }
    }
  }

 private:
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kStart);
};

using TtlTest = OnManualClock<BackendTest>;

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_CONFORMANCE_TTL_TESTING_H_

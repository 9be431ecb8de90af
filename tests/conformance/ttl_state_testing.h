#ifndef KVSTATE_TESTS_CONFORMANCE_TTL_STATE_TESTING_H_
#define KVSTATE_TESTS_CONFORMANCE_TTL_STATE_TESTING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/clock.h"
#include "kvstate/extension.h"
#include "kvstate/ttl_sweep.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {

inline constexpr int64_t kLives = 100;  ///< Milliseconds.

/// An aggregate of strings in which order shows.
struct Joined {
  std::string Create() const { return "<"; }
  void Add(std::string& accumulator, const std::string& input) const { accumulator += input; }
  std::string Result(const std::string& accumulator) const { return accumulator + ">"; }
  void Merge(std::string& into, const std::string& from) const { into += from.substr(1); }
};

/// States whose values live for 100 ms of a clock that the test moves, and that nothing but accesses cleans up.
class TtlStateTest : public BackendTest {
 protected:
  TtlStateTest() {
    ttl_.ttl_millis = kLives;
    ttl_.cleanup.incremental_entries = 0;
    ttl_.cleanup.compaction_filter = false;
  }
  KeyedBackend<int64_t> OpenOnClock() {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.clock = clock_;
    return KeyedBackend<int64_t>(Make(options));
  }
  template <class Descriptor>
  Descriptor WithTtl(Descriptor descriptor) {
    descriptor.ttl = ttl_;
    descriptor.queryable_name = queryable_name_;
    return descriptor;
  }
  ReducingStateDescriptor<std::string> Reducing() {
    return WithTtl(ReducingStateDescriptor<std::string>("r", Concatenate(/*thread_safe=*/true)));
  }
  AggregatingStateDescriptor<std::string, std::string, std::string> Aggregating() {
    return WithTtl(AggregatingStateDescriptor<std::string, std::string, std::string>(
        "a", MakeAggregateFunction<std::string, std::string, std::string>(Joined())));
  }
  FoldingStateDescriptor<std::string, std::string> Folding() {
    return WithTtl(FoldingStateDescriptor<std::string, std::string>(
        "f", "0", MakeFoldFunction<std::string, std::string>([](std::string& accumulator, const std::string& input) {
          accumulator += input;
        })));
  }
  static uint64_t Removed(KeyedBackend<int64_t>& backend) {
    auto* sweep = GetExtension<TtlSweep>(backend.backend());
    uint64_t removed = 0;
    for (const TtlFigures& figures : sweep->Figures()) removed += figures.entries_removed;
    return removed;
  }
  static uint64_t Stored(KeyedBackend<int64_t>& backend) { return Must(backend.backend().NumEntries()); }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1000);
  TtlConfig ttl_;
  std::string queryable_name_;  ///< Of each state; empty: it is not to be queried.
};

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_CONFORMANCE_TTL_STATE_TESTING_H_

#include "harness/load/capacity_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/load/intended_starts.h"
#include "harness/load/paced_loop.h"
#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

constexpr double kServiceNs = 1000;
constexpr double kObjectiveNs = 10'000;

/// The mean wait of M/D/1, by Pollaczek and Khinchine, plus the service.
double MeanResponse(double rate) {
  const double load = rate * kServiceNs / 1e9;
  return kServiceNs + kServiceNs * load / (2 * (1 - load));
}

class SimulatedClock {
 public:
  uint64_t Now() const { return now_; }
  uint64_t WaitUntil(uint64_t due, InstanceRecord&) { return now_ = due; }
  bool stopped() const { return false; }
  void Pass(uint64_t ns) { now_ += ns; }

 private:
  uint64_t now_ = 0;
};

struct FakeOperation {
  Operation operation = Operation::kGet;
};

/// A server that takes the same for each operation, with Poisson arrivals, driven by the loop that replays use.
InstanceRecord Simulate(double rate, uint64_t seed, size_t operations) {
  IntendedStarts starts({.pace = Pace::kRate, .rate = rate, .poisson = true, .seed = seed});
  std::vector<uint64_t> due;
  for (size_t i = 0; i < operations; ++i) due.push_back(starts.NextNs(0));
  const std::vector<FakeOperation> fakes(operations);
  SimulatedClock clock;
  InstanceRecord record;
  EXPECT_OK(RunPaced(
      std::span<const FakeOperation>(fakes), std::span<const uint64_t>(due), 0, {}, clock,
      [&clock](const FakeOperation&) {
        clock.Pass(static_cast<uint64_t>(kServiceNs));
        return Status();
      },
      &record));
  return record;
}

TEST(CapacitySearchTest, ResponseTimesOfASimulatedServerAreThoseOfTheFormula) {
  for (const double rate : {300e3, 600e3, 800e3}) {
    const InstanceRecord record = Simulate(rate, 7, 400'000);
    EXPECT_NEAR(record.responses.MeanUpTo(1e18), MeanResponse(rate), MeanResponse(rate) * 0.05) << rate;
  }
}

/// The rate at which the 99th percentile of M/D/1 meets the objective, by a fine grid over long simulations.
double KnownCapacity() {
  double rate = 500e3;
  while (Simulate(rate, 99, 1'000'000).responses.Quantile(0.99) <= kObjectiveNs) rate *= 1.01;
  return rate;
}

TEST(CapacitySearchTest, FindsTheCapacityOfASimulatedServer) {
  uint64_t seed = 0;
  uint64_t probes = 0;
  ASSERT_OK_AND_ASSIGN(const Capacity found,
                       FindCapacity(1e9 / kServiceNs, kObjectiveNs, [&](double rate) -> Result<RateProbe> {
                         ++probes;
                         const double p99 = Simulate(rate, ++seed, 200'000).responses.Quantile(0.99);
                         return RateProbe{p99 <= kObjectiveNs, p99};
                       }));
  const double known = KnownCapacity();
  EXPECT_NEAR(found.held, known, known * 0.05);
  EXPECT_GT(found.failed, found.held);
  EXPECT_LE(found.failed / found.held, kCapacityPrecision);
  EXPECT_EQ(found.probes, probes);
  EXPECT_LE(probes, 30u);
}

/// A backend that holds below a rate, whatever chance does.
class SharpBorder {
 public:
  explicit SharpBorder(double border) : border_(border) {}
  Result<Capacity> Find(double closed_loop_rate) {
    return FindCapacity(closed_loop_rate, 1000, [this](double rate) -> Result<RateProbe> {
      rates.push_back(rate);
      return RateProbe{rate <= border_, rate <= border_ ? 1.0 : 0.0};
    });
  }
  std::vector<double> rates;

 private:
  const double border_;
};

TEST(CapacitySearchTest, TheBorderIsBetweenTheTwoRatesWhereverItIs) {
  for (const double border : {6000.0, 50e3, 740e3, 760e3, 1.2e6, 9e6}) {
    SharpBorder backend(border);
    ASSERT_OK_AND_ASSIGN(const Capacity found, backend.Find(1e6));
    EXPECT_LE(found.held, border);
    EXPECT_GT(found.failed, border);
    EXPECT_LE(found.failed / found.held, kCapacityPrecision) << border;
    EXPECT_EQ(found.probes, backend.rates.size());
  }
}

TEST(CapacitySearchTest, ABackendThatNeverHoldsHasNoCapacity) {
  SharpBorder backend(1);
  ASSERT_OK_AND_ASSIGN(const Capacity found, backend.Find(1e6));
  EXPECT_EQ(found.held, 0);
  EXPECT_GT(found.failed, 0);
  EXPECT_LE(*std::min_element(backend.rates.begin(), backend.rates.end()), 1e6 * kCapacityLeast);
}

TEST(CapacitySearchTest, OneThatHoldsEverythingTriedHasNoRateThatFailed) {
  SharpBorder backend(1e30);
  ASSERT_OK_AND_ASSIGN(const Capacity found, backend.Find(1e6));
  EXPECT_GE(found.held, 1e6 * kCapacityMost);
  EXPECT_EQ(found.failed, 0);
}

TEST(CapacitySearchTest, CloseToTheBorderTheBestOfThreeCounts) {
  // Each third probe errs.
  uint64_t probes = 0;
  const double border = 400e3;
  ASSERT_OK_AND_ASSIGN(const Capacity found, FindCapacity(1e6, 1000, [&](double rate) -> Result<RateProbe> {
                         const bool errs = ++probes % 3 == 0;
                         return RateProbe{(rate <= border) != errs, 900};
                       }));
  EXPECT_LE(found.held, border);
  EXPECT_GT(found.failed, border);
  EXPECT_LE(found.failed / found.held, kCapacityPrecision);
}

TEST(CapacitySearchTest, AFailureOfAProbeEndsTheSearch) {
  EXPECT_CODE(FindCapacity(1e6, 1000, [](double) -> Result<RateProbe> { return CancelledError("interrupted"); }),
              kCancelled);
}

}  // namespace
}  // namespace kvstate::harness

#include "workloads/sources/arrivals.h"

#include "workloads/sources/portable_math.h"

namespace kvstate::workloads {
namespace {

constexpr uint64_t kUsOfSecond = 1'000'000;
constexpr uint64_t kUsOfMillisecond = 1'000;

}  // namespace

uint64_t Arrivals::NextUs(Random& random) {
  switch (options_.process) {
    case ArrivalProcess::kConstant:
      return EvenUs();
    case ArrivalProcess::kPoisson: {
      const uint64_t now_us = poisson_us_;
      const double mean_us = static_cast<double>(kUsOfSecond) / static_cast<double>(options_.events_per_second);
      // 1 - u is never 0.
      poisson_rest_us_ += -PortableLog(1.0 - random.Unit()) * mean_us;
      const auto whole_us = static_cast<uint64_t>(poisson_rest_us_);
      poisson_us_ += whole_us;
      poisson_rest_us_ -= static_cast<double>(whole_us);
      return now_us;
    }
    case ArrivalProcess::kBursts: {
      const uint64_t period_us = options_.burst_period_ms * kUsOfMillisecond;
      const uint64_t even_us = EvenUs();
      const uint64_t into_period_us = even_us % period_us;
      return even_us - into_period_us + into_period_us * options_.burst_percent / 100;
    }
  }
  return 0;
}

uint64_t Arrivals::EvenUs() {
  // Whole seconds apart from the rest, so that the product stays small however long the stream.
  const uint64_t seconds = next_ / options_.events_per_second;
  const uint64_t rest = next_ % options_.events_per_second;
  ++next_;
  return seconds * kUsOfSecond + rest * kUsOfSecond / options_.events_per_second;
}

}  // namespace kvstate::workloads

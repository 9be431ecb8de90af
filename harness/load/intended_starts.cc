#include "harness/load/intended_starts.h"

#include <algorithm>

#include "workloads/sources/portable_math.h"

namespace kvstate::harness {

namespace {

constexpr double kNsOfSecond = 1e9;
constexpr double kNsOfMillisecond = 1e6;
// Over a century: what is due later is never waited for anyway.
constexpr double kLatestNs = 4e18;

}  // namespace

uint64_t IntendedStarts::NextNs(int64_t time_ms) {
  const uint64_t number = next_++;
  if (number == 0) first_time_ms_ = time_ms;
  switch (settings_.pace) {
    case Pace::kClosed:
      return 0;
    case Pace::kTrace:
      return AtTraceTime(time_ms);
    case Pace::kRate:
      break;
  }
  if (settings_.poisson) return number == 0 ? 0 : AfterGap();
  last_ns_ = static_cast<uint64_t>(std::min(static_cast<double>(number) * kNsOfSecond / settings_.rate, kLatestNs));
  return last_ns_;
}

uint64_t IntendedStarts::AtTraceTime(int64_t time_ms) {
  if (time_ms > first_time_ms_) {
    const auto passed_ms = static_cast<double>(static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(first_time_ms_));
    const double ns = std::min(passed_ms * kNsOfMillisecond / settings_.speed, kLatestNs);
    last_ns_ = std::max(last_ns_, static_cast<uint64_t>(ns));
  }
  return last_ns_;
}

uint64_t IntendedStarts::AfterGap() {
  // 1 - u is never 0.
  rest_ns_ += -workloads::PortableLog(1.0 - random_.Unit()) * kNsOfSecond / settings_.rate;
  const auto whole_ns = static_cast<uint64_t>(std::min(rest_ns_, kLatestNs));
  rest_ns_ = std::max(0.0, rest_ns_ - static_cast<double>(whole_ns));
  last_ns_ = std::min(last_ns_ + whole_ns, static_cast<uint64_t>(kLatestNs));
  return last_ns_;
}

}  // namespace kvstate::harness

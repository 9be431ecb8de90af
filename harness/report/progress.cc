#include "harness/report/progress.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace kvstate::harness {

namespace {

constexpr std::chrono::milliseconds kBetweenShows{100};
constexpr size_t kLineColumns = 78;

}  // namespace

void Progress::BeginStep(const std::string& what) {
  ++begun_;
  what_ = what;
  Show(static_cast<double>(begun_ - 1));
}

void Progress::Update(uint64_t done, uint64_t total) {
  if (stream_ == nullptr || std::chrono::steady_clock::now() - last_shown_ < kBetweenShows) return;
  const double part = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
  Show(static_cast<double>(begun_ - 1) + std::min(part, 1.0));
}

void Progress::Show(double done_steps) {
  if (stream_ == nullptr) return;
  last_shown_ = std::chrono::steady_clock::now();
  std::string line = "[" + std::to_string(begun_) + "/" + std::to_string(std::max(steps_, begun_)) + "] " + what_;
  if (steps_ > 0 && done_steps >= 1) {
    const double elapsed_s = std::chrono::duration<double>(last_shown_ - start_).count();
    const double left_s = std::max(0.0, elapsed_s / done_steps * (static_cast<double>(steps_) - done_steps));
    char left[40];
    std::snprintf(left, sizeof(left), ", about %d:%02d left", static_cast<int>(left_s) / 60,
                  static_cast<int>(left_s) % 60);
    line += left;
  }
  if (line.size() > kLineColumns) line.resize(kLineColumns);
  *stream_ << "\r\033[K" << line << std::flush;
  shown_ = true;
}

void Progress::Clear() {
  if (stream_ == nullptr || !shown_) return;
  *stream_ << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace kvstate::harness

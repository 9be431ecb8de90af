#include "backends/common/ttl_pace.h"

#include <algorithm>

namespace kvstate::backends {

namespace {

/// Passes in a time to live.
constexpr int64_t kPassesInLife = 3;
/// Entries of a batch: fewer make it dear to find where the last one stopped, more delay one access for long.
constexpr uint64_t kMostBatch = 256;
constexpr uint64_t kLeastBatch = 16;
/// Batches in a pass, at least: a small state's pass is spread, too.
constexpr uint64_t kLeastBatches = 16;

int64_t Plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

/// `after` - `before`, at most INT64_MAX. REQUIRES: after >= before.
int64_t Since(int64_t before, int64_t after) {
  int64_t elapsed = 0;
  return __builtin_sub_overflow(after, before, &elapsed) ? INT64_MAX : elapsed;
}

/// a * b / c. REQUIRES: c > 0.
uint64_t Scale(uint64_t a, uint64_t b, uint64_t c) {
  const unsigned __int128 scaled = static_cast<unsigned __int128>(a) * b / c;
  return scaled > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(scaled);
}

}  // namespace

TtlPace::TtlPace(int64_t ttl_millis, uint32_t key_groups, int64_t now)
    : ttl_millis_(ttl_millis),
      period_(std::max<int64_t>(1, ttl_millis / kPassesInLife)),
      key_groups_(key_groups),
      latest_(now),
      start_(now) {}

uint64_t TtlPace::EntriesInGroup() const {
  const uint64_t in_this = examined_ - of_passed_groups_;
  if (passed_groups_ > 0) return std::max(in_this, of_passed_groups_ / passed_groups_);
  return std::max(in_this, of_last_pass_ / key_groups_);
}

uint64_t TtlPace::Due(int64_t now) {
  if (now < latest_) {
    // What is written from now on is older than what is here says: that goes back with the clock.
    const int64_t back = Since(now, latest_);
    start_ = on_ ? Plus(start_, -back) : std::min(start_, Plus(now, period_));
    began_ = Plus(began_, -back);
  }
  latest_ = now;
  if (now < start_) return 0;
  const auto elapsed = static_cast<uint64_t>(Since(start_, now));
  const auto period = static_cast<uint64_t>(period_);
  if (elapsed >= period) return UINT64_MAX;
  const uint64_t due_groups = Scale(key_groups_, elapsed, period);
  if (due_groups < passed_groups_) return 0;
  const uint64_t in_group = EntriesInGroup();
  const uint64_t batch = std::clamp(Scale(in_group, key_groups_, kLeastBatches), kLeastBatch, kMostBatch);
  if (due_groups > passed_groups_) {
    // Of the first group of all nothing is known.
    const bool is_known = has_last_pass_ || passed_groups_ > 0;
    return is_known ? std::max(batch, Scale(in_group, due_groups - passed_groups_, 1)) : UINT64_MAX;
  }
  const auto into_group = static_cast<uint64_t>(static_cast<unsigned __int128>(key_groups_) * elapsed % period);
  const uint64_t due = Scale(in_group, into_group, period);
  const uint64_t done = examined_ - of_passed_groups_;
  return due >= done + batch ? due - done : 0;
}

void TtlPace::Count(const TtlWalk::Step& step, int64_t now) {
  if (!on_) {
    on_ = true;
    began_ = now;
    oldest_ = INT64_MAX;
  }
  examined_ += step.examined;
  oldest_ = std::min(oldest_, step.oldest);
  if (step.passed_key_groups != passed_groups_) {
    passed_groups_ = step.passed_key_groups;
    of_passed_groups_ = examined_;
  }
  if (step.at_end) EndPass(now);
}

void TtlPace::EndPass(int64_t now) {
  of_last_pass_ = examined_;
  has_last_pass_ = true;
  // At once: each place is then met again after one period at most, however fast this pass was. But what was left
  // expires at its time at the earliest, and what came while the pass was on no earlier than that.
  start_ = std::max(now, Plus(std::min(oldest_, began_), ttl_millis_));
  ForgetPass();
}

void TtlPace::Restart(int64_t now) {
  if (on_) start_ = now;
  ForgetPass();
}

void TtlPace::ForgetPass() {
  on_ = false;
  examined_ = 0;
  passed_groups_ = 0;
  of_passed_groups_ = 0;
}

}  // namespace kvstate::backends

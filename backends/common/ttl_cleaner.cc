#include "backends/common/ttl_cleaner.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace kvstate::backends {

namespace {

/// Entries that accesses pay for between two looks at the clock.
constexpr uint32_t kEntriesPerLook = 256;
/// Of which one is timed: reading the thread's clock twice costs as much as a small batch does. A prime, so that it is
/// not the same part of each pass.
constexpr uint32_t kBatchesPerTiming = 7;
/// Of a sweep, at a time.
constexpr uint64_t kSweepBatch = 1024;

uint64_t ThreadTimeNanos() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

TtlCleaner::TtlCleaner(std::string state, std::unique_ptr<TtlWalk> walk, std::shared_ptr<const Clock> clock,
                       int64_t ttl_millis, uint32_t entries_per_access)
    : walk_(std::move(walk)),
      clock_(std::move(clock)),
      entries_per_access_(entries_per_access),
      accesses_per_look_(entries_per_access == 0 ? INT64_MAX : std::max(1U, kEntriesPerLook / entries_per_access)),
      accesses_left_(accesses_per_look_),
      pace_(ttl_millis, walk_->key_groups(), clock_->NowMillis()) {
  figures_.state = std::move(state);
}

TtlCleaner::~TtlCleaner() = default;

Status TtlCleaner::Work() {
  accesses_left_ = accesses_per_look_;
  const int64_t now = clock_->NowMillis();
  const uint64_t credit = static_cast<uint64_t>(accesses_per_look_) * entries_per_access_;
  const uint64_t entries = std::min(pace_.Due(now), credit);
  if (entries == 0) return Status();
  TtlWalk::Step step;
  return Step(entries, now, &step);
}

Status TtlCleaner::Step(uint64_t max_entries, int64_t now, TtlWalk::Step* step) {
  const bool is_timed = batches_++ % kBatchesPerTiming == 0;
  const uint64_t start = is_timed ? ThreadTimeNanos() : 0;
  const Status status = walk_->Next(max_entries, now, step);
  const double size = static_cast<double>(step->examined) + 1;
  if (is_timed) time_per_size_ns_ = static_cast<double>(ThreadTimeNanos() - start) / size;
  figures_.cleanup_time_ns += static_cast<uint64_t>(time_per_size_ns_ * size);
  figures_.entries_examined += step->examined;
  figures_.entries_removed += step->removed;
  if (step->at_end) ++figures_.passes;
  pace_.Count(*step, now);
  return status.ok() ? status : status.WithContext("removal of expired values of state '" + figures_.state + "'");
}

void TtlCleaner::BeginSweep() {
  walk_->Restart();
  pace_.Restart(clock_->NowMillis());
}

Result<bool> TtlCleaner::Sweep(uint64_t* max_entries) {
  const int64_t now = clock_->NowMillis();
  TtlWalk::Step step;
  while (*max_entries > 0 && !step.at_end) {
    KVSTATE_RETURN_IF_ERROR(Step(std::min(*max_entries, kSweepBatch), now, &step));
    *max_entries -= std::min(*max_entries, std::max<uint64_t>(step.examined, 1));
  }
  return step.at_end;
}

}  // namespace kvstate::backends

#include "backends/rocksdb/rocksdb_sweeper.h"

#include <rocksdb/metadata.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "backends/rocksdb/rocksdb_status.h"
#include "backends/rocksdb/rocksdb_ttl.h"

namespace kvstate::backends::rocksdb {

namespace {

// The bound on bytes keeps the tiniest states, to whose size it does not matter, from being rewritten over and over.
constexpr uint64_t kLeastBytes = 8 << 10;
constexpr SweepLimits kWhenDue = {
    .wanted_share = 0.14, .least_share = 0.08, .least_bytes = kLeastBytes, .most_job_bytes = 256 << 20};
constexpr SweepLimits kWhenAsked = {
    .wanted_share = 0, .least_share = 0.08, .least_bytes = 0, .most_job_bytes = 256 << 20};
// Beyond this the owner waits for the sweep. Promised are 0.2; the rest is for what expires from one access that looks
// to the next, and for what samples of times are off by.
constexpr SweepLimits kPromised = {.wanted_share = 0.17, .least_bytes = kLeastBytes};
// Of a time to live: how far a look at the files is good for, how closely times in between are told apart, and how far
// the owner goes on after a sweep that did not remove enough.
constexpr int64_t kPromiseFraction = 8;
constexpr int kPromiseSteps = 16;
constexpr int64_t kRespiteFraction = 32;
// What a sweep could not remove from a file, it does not try again before so much of the time to live is over.
constexpr int64_t kRetryFraction = 8;

/// The number in "…/000123.sst"; 0 when there is none.
uint64_t FileNumber(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

/// Whether a compaction that ended like this is no failure: another one has the files, or all of it goes.
bool IsOvertaken(const ::rocksdb::Status& status) {
  return status.ok() || status.IsAborted() || status.IsInvalidArgument() || status.IsShutdownInProgress() ||
         status.IsColumnFamilyDropped() || status.IsIncomplete();
}

/// Of each file its times, of files that were not known before.
::rocksdb::Status LearnFiles(::rocksdb::DB& db, const Family& family, const ::rocksdb::ColumnFamilyMetaData& live) {
  std::map<uint64_t, FamilyTtl::KnownFile>& known = family.ttl()->known_files();
  for (auto& [number, file] : known) file.looked_at = false;
  bool all_known = true;
  for (const auto& level : live.levels) {
    for (const auto& file : level.files) {
      const auto at = known.find(FileNumber(file.name));
      if (at != known.end()) at->second.looked_at = true;
      all_known = all_known && at != known.end() && at->second.has_times;
    }
  }
  std::erase_if(known, [](const auto& entry) { return !entry.second.looked_at; });
  if (all_known) return ::rocksdb::Status::OK();
  ::rocksdb::TablePropertiesCollection tables;
  ::rocksdb::Status status = db.GetPropertiesOfAllTables(family.handle(), &tables);
  if (!status.ok()) return status;
  for (const auto& [path, table] : tables) {
    FamilyTtl::KnownFile& file = known[FileNumber(path)];
    if (file.has_times) continue;
    file.has_times = true;
    const auto property = table->user_collected_properties.find(TtlTimes::kProperty);
    std::optional<TtlTimes> times;
    if (property != table->user_collected_properties.end()) times = TtlTimes::Decode(property->second);
    if (!times) {
      // A file from before the state had a time to live, or was asked for: what is in it is no younger.
      const uint64_t bytes = table->raw_key_size + table->raw_value_size;
      times.emplace();
      times->bytes = bytes;
      times->dated_bytes = bytes;
      times->times.push_back(family.ttl()->started_at());
    }
    file.times = *std::move(times);
  }
  return status;
}

/// Expired bytes of a file that a sweep may remove now.
uint64_t RemovableBytes(const FamilyTtl& ttl, const FamilyTtl::KnownFile& file, int64_t now) {
  const uint64_t expired = file.times.ExpiredBytes(ttl.ttl_millis(), now);
  if (!file.swept || IsExpired(file.swept_at, ttl.ttl_millis() / kRetryFraction + 1, now)) return expired;
  return expired - std::min(expired, file.times.ExpiredBytes(ttl.ttl_millis(), file.swept_at));
}

}  // namespace

bool Sweeper::Request(FamilyPtr family, Reason reason) {
  if (!can_sweep_) return true;
  const std::lock_guard lock(mutex_);
  if (stop_) return true;
  const auto queued = std::ranges::find(queue_, family, &Requested::family);
  if (queued != queue_.end()) {
    queued->reason = std::max(queued->reason, reason);
    return false;
  }
  const bool is_first = busy_ != family.get();
  queue_.push_back({std::move(family), reason});
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
  return is_first;
}

bool Sweeper::IsPending(const Family& family) const {
  return busy_ == &family ||
         std::ranges::any_of(queue_, [&](const Requested& queued) { return queued.family.get() == &family; });
}

void Sweeper::WaitForPromise(const Family& family, int64_t now, std::chrono::nanoseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [&] { return stop_ || family.ttl()->promised_until() > now || !IsPending(family); });
}

Status Sweeper::TakeFailure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, Status());
}

void Sweeper::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || (queue_.empty() && busy_ == nullptr); });
}

void Sweeper::Stop() {
  std::deque<Requested> forgotten;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    forgotten.swap(queue_);
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Sweeper::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void Sweeper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    Requested next = std::move(queue_.front());
    queue_.pop_front();
    busy_ = next.family.get();
    lock.unlock();
    Status swept = Sweep(*next.family, next.reason);
    lock.lock();
    if (!swept.ok() && failure_.ok()) failure_ = std::move(swept);
    busy_ = nullptr;
    // Before anybody learns that nothing is left to do: who closes the database waits for that.
    next.family.reset();
    changed_.notify_all();
  }
}

Status Sweeper::Sweep(const Family& family, Reason reason) {
  FamilyTtl& ttl = *family.ttl();
  const int64_t respite = ttl.ttl_millis() / kRespiteFraction + 1;
  // A snapshot's operands stay whatever the filter says, and would be rewritten in vain.
  if (ttl.has_views()) {
    ttl.set_promised_until(Later(ttl.ttl()->clock->NowMillis(), respite));
    return Status();
  }
  const int64_t now = ttl.FilterTime();
  const std::vector<LiveFile> files = Look(family);
  std::vector<SweptFile> swept;
  swept.reserve(files.size());
  for (const LiveFile& file : files) {
    swept.push_back({file.name, file.level, file.output_level, file.known->times.bytes,
                     RemovableBytes(ttl, *file.known, now), file.busy});
  }
  const FamilyTtl::Memory memory = ttl.MemoryAt(now);
  SweepLimits limits = reason == Reason::kAsked ? kWhenAsked : kWhenDue;
  limits.most_live_bytes = ttl.most_live_bytes();
  const SweepPlan plan = PlanSweep(swept, memory.bytes, memory.expired_bytes, limits);
  const bool is_done = !plan.flush && plan.jobs.empty();
  // Waiting for what nobody can remove now would help nobody.
  Promise(family, files, now, is_done ? Later(now, respite) : now);
  if (is_done) return Status();
  Status removed =
      Remove(family, plan, now).WithContext("compact state '" + family.state_name() + "' for what has expired");
  const int64_t after = ttl.ttl()->clock->NowMillis();
  Promise(family, Look(family), after, Later(after, respite));
  return removed;
}

Status Sweeper::Remove(const Family& family, const SweepPlan& plan, int64_t now) {
  if (plan.flush) {
    ::rocksdb::FlushOptions options;
    options.allow_write_stall = true;
    const ::rocksdb::Status flushed = db_.Flush(options, family.handle());
    if (!IsOvertaken(flushed)) return FromRocksDb(flushed, "flush");
  }
  for (const SweepPlan::Job& job : plan.jobs) {
    if (stopping()) break;
    KVSTATE_RETURN_IF_ERROR(Rewrite(family, job, now));
  }
  return Status();
}

std::vector<Sweeper::LiveFile> Sweeper::Look(const Family& family) {
  ::rocksdb::ColumnFamilyMetaData live;
  db_.GetColumnFamilyMetaData(family.handle(), &live);
  // Of level 0.
  int below = db_.NumberLevels(family.handle()) - 1;
  for (auto level = live.levels.rbegin(); level != live.levels.rend(); ++level) {
    if (level->level == 0 || level->files.empty()) continue;
    below = level->level;
  }
  std::vector<LiveFile> files;
  if (!LearnFiles(db_, family, live).ok()) return files;
  const std::map<uint64_t, FamilyTtl::KnownFile>& all = family.ttl()->known_files();
  for (const auto& level : live.levels) {
    for (const auto& file : level.files) {
      // Files may have come since.
      const auto known = all.find(FileNumber(file.name));
      if (known == all.end() || !known->second.has_times) continue;
      const TtlTimes& times = known->second.times;
      // RocksDB tells the age of level 0's files by sequence numbers. An import gives them others than their entries
      // have, and a file made of these would not fit among them: it goes into the next level.
      const bool stays = level.level != 0 || (file.smallest_seqno == times.smallest_sequence &&
                                              file.largest_seqno == times.largest_sequence);
      files.push_back({file.name, level.level, stays ? level.level : below, file.being_compacted, &known->second});
    }
  }
  return files;
}

void Sweeper::Promise(const Family& family, const std::vector<LiveFile>& files, int64_t now, int64_t earliest) {
  FamilyTtl& ttl = *family.ttl();
  const auto stored_at = [&](int64_t time) {
    const FamilyTtl::Memory memory = ttl.MemoryAt(time);
    StoredBytes stored = {memory.bytes, memory.expired_bytes};
    for (const LiveFile& file : files) {
      stored.bytes += file.known->times.bytes;
      stored.expired_bytes += RemovableBytes(ttl, *file.known, time);
    }
    return stored;
  };
  const int64_t latest = Later(now, ttl.ttl_millis() / kPromiseFraction + 1);
  SweepLimits limits = kPromised;
  limits.most_live_bytes = ttl.most_live_bytes();
  const int64_t until = FirstTimeOver(limits, now, latest, kPromiseSteps, stored_at);
  const std::lock_guard lock(mutex_);
  ttl.set_promised_until(std::max(until, earliest));
  changed_.notify_all();
}

Status Sweeper::Rewrite(const Family& family, const SweepPlan::Job& job, int64_t now) {
  ::rocksdb::CompactionOptions options;
  options.compression = ::rocksdb::kDisableCompressionOption;  // That is: the family's own.
  options.output_file_size_limit = target_file_bytes_;
  ::rocksdb::CompactionJobInfo info;
  std::vector<std::string> written;
  const ::rocksdb::Status status =
      db_.CompactFiles(options, family.handle(), job.files, job.output_level, /*output_path_id=*/-1, &written, &info);
  if (!status.ok()) return IsOvertaken(status) ? Status() : FromRocksDb(status, "compact");
  counters_.OnCompactFiles(info);
  family.ttl()->CountSweep(info.stats.total_output_bytes);
  for (const std::string& name : written) {
    FamilyTtl::KnownFile& file = family.ttl()->known_files()[FileNumber(name)];
    file.swept = true;
    file.swept_at = now;
  }
  return Status();
}

}  // namespace kvstate::backends::rocksdb

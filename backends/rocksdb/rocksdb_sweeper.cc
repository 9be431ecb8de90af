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

// The second bound is what keeps small states from being rewritten over and over where time flies.
constexpr SweepLimits kWhenDue = {
    .wanted_share = 0.12, .least_share = 0.08, .least_bytes = 64 << 10, .most_job_bytes = 256 << 20};
constexpr SweepLimits kWhenAsked = {
    .wanted_share = 0, .least_share = 0.08, .least_bytes = 0, .most_job_bytes = 256 << 20};
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
  if (file.swept && !IsExpired(file.swept_at, ttl.ttl_millis() / kRetryFraction + 1, now)) return 0;
  return file.times.ExpiredBytes(ttl.ttl_millis(), now);
}

}  // namespace

void Sweeper::Request(FamilyPtr family, Reason reason) {
  if (!can_sweep_) return;
  const std::lock_guard lock(mutex_);
  if (stop_) return;
  const auto queued = std::ranges::find(queue_, family, &Requested::family);
  if (queued != queue_.end()) {
    queued->reason = std::max(queued->reason, reason);
    return;
  }
  queue_.push_back({std::move(family), reason});
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
}

Status Sweeper::TakeFailure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, Status());
}

void Sweeper::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || (queue_.empty() && !busy_); });
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
    busy_ = true;
    lock.unlock();
    Status swept = Sweep(*next.family, next.reason);
    next.family.reset();
    lock.lock();
    if (!swept.ok() && failure_.ok()) failure_ = std::move(swept);
    busy_ = false;
    changed_.notify_all();
  }
}

Status Sweeper::Sweep(const Family& family, Reason reason) {
  FamilyTtl& ttl = *family.ttl();
  // A snapshot's operands stay whatever the filter says, and would be rewritten in vain.
  if (ttl.has_views()) return Status();
  const int64_t now = ttl.FilterTime();
  const std::string what = "compact state '" + family.state_name() + "' for what has expired";
  SweepPlan plan = Plan(family, reason, now);
  if (plan.flush) {
    ::rocksdb::FlushOptions options;
    options.allow_write_stall = true;
    const ::rocksdb::Status flushed = db_.Flush(options, family.handle());
    if (!IsOvertaken(flushed)) return FromRocksDb(flushed, what);
  }
  for (const SweepPlan::Job& job : plan.jobs) {
    if (stopping()) break;
    KVSTATE_RETURN_IF_ERROR(Rewrite(family, job, now).WithContext(what));
  }
  return Status();
}

SweepPlan Sweeper::Plan(const Family& family, Reason reason, int64_t now) {
  FamilyTtl& ttl = *family.ttl();
  ::rocksdb::ColumnFamilyMetaData live;
  db_.GetColumnFamilyMetaData(family.handle(), &live);
  // Of level 0.
  int below = db_.NumberLevels(family.handle()) - 1;
  for (auto level = live.levels.rbegin(); level != live.levels.rend(); ++level) {
    if (level->level == 0 || level->files.empty()) continue;
    below = level->level;
  }
  std::vector<SweptFile> files;
  if (LearnFiles(db_, family, live).ok()) {
    for (const auto& level : live.levels) {
      for (const auto& file : level.files) {
        // Files may have come since.
        const auto known = ttl.known_files().find(FileNumber(file.name));
        if (known == ttl.known_files().end() || !known->second.has_times) continue;
        const FamilyTtl::KnownFile& times = known->second;
        // RocksDB tells the age of level 0's files by sequence numbers. An import gives them others than their entries
        // have, and a file made of these would not fit among them: it goes into the next level.
        const bool stays = level.level != 0 || (file.smallest_seqno == times.times.smallest_sequence &&
                                                file.largest_seqno == times.times.largest_sequence);
        files.push_back({file.name, level.level, stays ? level.level : below, times.times.bytes,
                         RemovableBytes(ttl, times, now), file.being_compacted});
      }
    }
  }
  const FamilyTtl::Memory memory = ttl.MemoryAt(now);
  return PlanSweep(files, memory.bytes, memory.expired_bytes, reason == Reason::kAsked ? kWhenAsked : kWhenDue);
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

#include "backends/rocksdb/rocksdb_counters.h"

namespace kvstate::backends::rocksdb {

namespace {
using Clock = std::chrono::steady_clock;
}  // namespace

void JobCounters::OnFlushBegin(::rocksdb::DB*, const ::rocksdb::FlushJobInfo& info) {
  const std::lock_guard lock(mutex_);
  flush_starts_[info.job_id] = Clock::now();
}

void JobCounters::OnFlushCompleted(::rocksdb::DB*, const ::rocksdb::FlushJobInfo& info) {
  const std::lock_guard lock(mutex_);
  const auto start = flush_starts_.find(info.job_id);
  if (start == flush_starts_.end()) return;
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start->second);
  flush_time_ns_ += static_cast<uint64_t>(took.count());
  flush_starts_.erase(start);
}

void JobCounters::OnCompactionCompleted(::rocksdb::DB*, const ::rocksdb::CompactionJobInfo& info) {
  compaction_bytes_read_ += info.stats.total_input_bytes;
  compaction_time_ns_ += info.stats.elapsed_micros * 1000;
}

void JobCounters::OnCompactFiles(const ::rocksdb::CompactionJobInfo& info) { OnCompactionCompleted(nullptr, info); }

void JobCounters::OnTableFileCreated(const ::rocksdb::TableFileCreationInfo& info) {
  switch (info.reason) {
    case ::rocksdb::TableFileCreationReason::kFlush:
      flush_bytes_written_ += info.file_size;
      break;
    case ::rocksdb::TableFileCreationReason::kCompaction:
      compaction_bytes_written_ += info.file_size;
      break;
    default:
      other_bytes_written_ += info.file_size;
      break;
  }
}

void JobCounters::AddTo(EngineCounters* counters) const {
  counters->flush_bytes_written = flush_bytes_written_;
  counters->flush_time_ns = flush_time_ns_;
  counters->compaction_bytes_read = compaction_bytes_read_;
  counters->compaction_bytes_written = compaction_bytes_written_;
  counters->compaction_time_ns = compaction_time_ns_;
  counters->storage_bytes_written = flush_bytes_written_ + compaction_bytes_written_ + other_bytes_written_;
}

}  // namespace kvstate::backends::rocksdb

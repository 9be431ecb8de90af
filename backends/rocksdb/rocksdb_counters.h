#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_COUNTERS_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_COUNTERS_H_

#include <rocksdb/listener.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>

#include "kvstate/engine_statistics.h"

namespace kvstate::backends::rocksdb {

/// Counts what flushes and compactions do from RocksDB's events, once a file or job: unlike rocksdb::Statistics, which
/// counts in every get and put, it costs the foreground nothing. Thread-safe.
class JobCounters final : public ::rocksdb::EventListener {
 public:
  void OnFlushBegin(::rocksdb::DB* db, const ::rocksdb::FlushJobInfo& info) override;
  void OnFlushCompleted(::rocksdb::DB* db, const ::rocksdb::FlushJobInfo& info) override;
  void OnCompactionCompleted(::rocksdb::DB* db, const ::rocksdb::CompactionJobInfo& info) override;
  void OnTableFileCreated(const ::rocksdb::TableFileCreationInfo& info) override;

  /// Of DB::CompactFiles, of which RocksDB gives no event.
  void OnCompactFiles(const ::rocksdb::CompactionJobInfo& info);

  void AddTo(EngineCounters* counters) const;

 private:
  std::atomic<uint64_t> flush_bytes_written_{0};
  std::atomic<uint64_t> flush_time_ns_{0};
  std::atomic<uint64_t> compaction_bytes_read_{0};
  std::atomic<uint64_t> compaction_bytes_written_{0};
  std::atomic<uint64_t> compaction_time_ns_{0};
  std::atomic<uint64_t> other_bytes_written_{0};

  std::mutex mutex_;
  std::map<int, std::chrono::steady_clock::time_point> flush_starts_;  ///< By job; guarded by mutex_.
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_COUNTERS_H_

#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_ENV_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_ENV_H_

#include <leveldb/env.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kvstate/engine_statistics.h"

namespace kvstate::backends::leveldb {

/// The Env of one store. It drops what LevelDB writes to its log, which nothing would ever read: state is durable at
/// checkpoints, and a store is opened again from its flushed tables alone. And it counts what LevelDB does, LevelDB's
/// own statistics being in whole megabytes and without flushes: bytes by the files they go to, time by the background
/// work it schedules. Which table files are flushes it learns from LevelDB's log messages, for which it is the logger
/// too.
///
/// Thread-safe. REQUIRES: WaitUntilIdle after the database is destroyed and before this is.
class StoreEnv final : public ::leveldb::EnvWrapper, public ::leveldb::Logger {
 public:
  StoreEnv() : EnvWrapper(::leveldb::Env::Default()) {}

  ::leveldb::Status NewWritableFile(const std::string& path, ::leveldb::WritableFile** file) override;
  ::leveldb::Status NewRandomAccessFile(const std::string& path, ::leveldb::RandomAccessFile** file) override;
  ::leveldb::Status RemoveFile(const std::string& path) override;
  void Schedule(void (*function)(void*), void* argument) override;
  void SleepForMicroseconds(int micros) override;
  void Logv(const char* format, std::va_list arguments) override;

  /// Until LevelDB has no background work, flush or compaction, scheduled or running.
  void WaitUntilIdle();

  /// From now on, and until as many calls of ReleaseDeletions, table files that LevelDB removes stay; then they go.
  void HoldDeletions();
  void ReleaseDeletions();

  /// Counts a table file that another Env wrote.
  void AddFile(const std::string& path, uint64_t bytes);

  /// To be called by a writer when its write is done: ends the wait that LevelDB announced, if it did.
  void EndStall() {
    if (stalled_.load(std::memory_order_relaxed)) [[unlikely]]
      CountStall();
  }

  void AddTo(EngineCounters* counters) const;

 private:
  class CountedFile;
  class CountedReads;
  struct Work;
  using TimePoint = std::chrono::steady_clock::time_point;

  static void RunWork(void* work);
  void CountStall();

  std::atomic<uint64_t> flush_bytes_written_{0};
  std::atomic<uint64_t> flush_time_ns_{0};
  std::atomic<uint64_t> compaction_bytes_read_{0};
  std::atomic<uint64_t> compaction_bytes_written_{0};
  std::atomic<uint64_t> compaction_time_ns_{0};
  std::atomic<uint64_t> other_bytes_written_{0};
  std::atomic<uint64_t> stall_time_ns_{0};
  std::atomic<uint64_t> disk_bytes_{0};

  std::atomic<bool> flushing_{false};
  std::atomic<bool> stalled_{false};
  TimePoint stall_start_;  ///< The writer's alone.
  TimePoint flush_start_;  ///< The background thread's alone.

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  int scheduled_ = 0;                           ///< Work scheduled and not done; guarded by mutex_.
  std::map<std::string, uint64_t> file_bytes_;  ///< Of table files by path; guarded by mutex_.
  int holds_ = 0;                               ///< Guarded by mutex_.
  std::vector<std::string> held_;               ///< Files to be removed when nobody holds; guarded by mutex_.
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_ENV_H_

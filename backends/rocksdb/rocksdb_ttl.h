#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TTL_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TTL_H_

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "backends/common/ttl_filter.h"
#include "backends/rocksdb/rocksdb_ttl_times.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::backends::rocksdb {

/// `by` after `time`, or INT64_MAX.
inline int64_t Later(int64_t time, int64_t by) {
  int64_t later = 0;
  return __builtin_add_overflow(time, by, &later) ? INT64_MAX : later;
}

/// What a column family's jobs know of its state's time to live: nothing until Start, which of a restored state comes
/// when somebody asks for it. From then on flushes and compactions drop what has expired, and table files say what
/// times their values have. Thread-safe, but for what is said to be of one thread.
class FamilyTtl {
 public:
  explicit FamilyTtl(std::shared_ptr<::rocksdb::Logger> logger) : logger_(std::move(logger)) {}

  /// Once. REQUIRES: every value that any read may see from now on is one of a state with this time to live.
  void Start(std::shared_ptr<const TableTtl> ttl);
  /// Null until Start.
  const TableTtl* ttl() const { return started_.load(std::memory_order_acquire); }
  /// REQUIRES: ttl() != nullptr, as for all that follows.
  int64_t ttl_millis() const { return ttl()->filter.ttl_millis(); }
  int64_t started_at() const { return started_at_; }
  ::rocksdb::Logger* logger() const { return logger_.get(); }

  /// By what time values are dropped: the clock's, but not after the oldest view was made, since RocksDB shows filters
  /// also what only a snapshot still needs. INT64_MIN while there is a view from before Start.
  int64_t FilterTime() const;
  bool has_views() const { return view_time_.load() != INT64_MAX; }

  /// What the owner has written since it last said so, all of it by `now`.
  void NoteWrites(int64_t now, uint64_t bytes);
  /// What was written until now is no longer in memory.
  void OnFlush();
  struct Memory {
    uint64_t bytes = 0;
    uint64_t expired_bytes = 0;  ///< What was overwritten since included.
  };
  Memory MemoryAt(int64_t now) const;

  /// What the owner knows of what lives, at most; overwritten values may be beside it in memory and files.
  uint64_t most_live_bytes() const { return most_live_bytes_.load(std::memory_order_relaxed); }
  void set_most_live_bytes(uint64_t bytes) { most_live_bytes_.store(bytes, std::memory_order_relaxed); }

  /// Before this time, by the clock, no more has expired than is promised, whatever the owner does; what the sweeper
  /// found out when it last looked.
  int64_t promised_until() const { return promised_until_.load(std::memory_order_relaxed); }
  void set_promised_until(int64_t time) { promised_until_.store(time, std::memory_order_relaxed); }

  void AddFigures(TtlFigures* figures) const;
  void CountFiltered(uint64_t examined, uint64_t removed);
  void CountMalformed(uint64_t entries);
  void CountSweep(uint64_t bytes_written);
  /// Entries that were kept because their bytes are not those of a state with a time to live.
  uint64_t malformed() const { return malformed_.load(); }

  /// Of the thread that sweeps: what it found out about live files, by number.
  struct KnownFile {
    bool has_times = false;
    TtlTimes times;
    bool swept = false;     ///< Made by a sweep,
    int64_t swept_at = 0;   ///< at that time.
    bool looked_at = true;  ///< For dropping those that are gone.
  };
  std::map<uint64_t, KnownFile>& known_files() { return known_files_; }

 private:
  friend class ViewHold;
  struct Written {
    int64_t time = 0;
    uint64_t bytes = 0;
  };

  std::shared_ptr<const TableTtl> ttl_;
  std::atomic<const TableTtl*> started_{nullptr};
  int64_t started_at_ = 0;
  const std::shared_ptr<::rocksdb::Logger> logger_;

  std::mutex views_mutex_;
  std::multiset<int64_t> view_times_;          ///< Guarded by views_mutex_.
  std::atomic<int64_t> view_time_{INT64_MAX};  ///< The earliest of them.
  mutable std::mutex memory_mutex_;
  std::vector<Written> written_;  ///< In order of time; guarded by memory_mutex_.

  std::atomic<uint64_t> most_live_bytes_{UINT64_MAX};
  std::atomic<int64_t> promised_until_{INT64_MIN};
  std::atomic<uint64_t> examined_{0};
  std::atomic<uint64_t> removed_{0};
  std::atomic<uint64_t> malformed_{0};
  std::atomic<uint64_t> sweeps_{0};
  std::atomic<uint64_t> sweep_bytes_written_{0};
  std::map<uint64_t, KnownFile> known_files_;
};

/// While it lives, what had not expired when it was made is not dropped. To be made before RocksDB's snapshot.
class ViewHold {
 public:
  /// `ttl` may be null.
  explicit ViewHold(std::shared_ptr<FamilyTtl> ttl);
  ~ViewHold();
  ViewHold(const ViewHold&) = delete;
  ViewHold& operator=(const ViewHold&) = delete;

 private:
  const std::shared_ptr<FamilyTtl> ttl_;
  int64_t time_ = INT64_MIN;
};

/// Makes a column family's jobs heed `ttl`.
void SetTtlOptions(const std::shared_ptr<FamilyTtl>& ttl, ::rocksdb::ColumnFamilyOptions* options);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TTL_H_

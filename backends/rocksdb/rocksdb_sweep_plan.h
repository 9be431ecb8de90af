#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_SWEEP_PLAN_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_SWEEP_PLAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kvstate::backends::rocksdb {

/// A live table file, as a sweep sees it.
struct SweptFile {
  std::string name;
  int level = 0;
  int output_level = 0;        ///< Where it can be rewritten to.
  uint64_t bytes = 0;          ///< Of keys and values.
  uint64_t expired_bytes = 0;  ///< Of these; 0 for a file that is better left alone for now.
  bool busy = false;           ///< In a compaction already.
};

struct SweepPlan {
  bool flush = false;  ///< What is in memory.
  /// Files of one level that are to be rewritten together, in the level's order.
  struct Job {
    int output_level = 0;
    std::vector<std::string> files;
    uint64_t bytes = 0;
  };
  std::vector<Job> jobs;
};

struct SweepLimits {
  double wanted_share = 0;   ///< Expired bytes to live ones, in all: nothing is done where there are not more.
  double least_share = 0;    ///< Expired bytes to all, of what is rewritten.
  uint64_t least_bytes = 0;  ///< Expired bytes below which nothing is done.
  uint64_t most_job_bytes = 0;
  uint64_t most_live_bytes = UINT64_MAX;  ///< What else has not expired was overwritten.
};

/// What to rewrite so that little expired is left at little cost: of what has most expired first, until less than half
/// of the wanted share is left. `files` are in the order of their levels, as RocksDB lists them.
SweepPlan PlanSweep(const std::vector<SweptFile>& files, uint64_t memory_bytes, uint64_t memory_expired_bytes,
                    const SweepLimits& limits);

/// Keys and values that are stored, in memory and in files.
struct StoredBytes {
  uint64_t bytes = 0;
  uint64_t expired_bytes = 0;  ///< Of these.
};

/// The first time from `now` on at which more has expired than `limits` wants if nothing is removed until then;
/// `latest` when that is later. `stored_at` tells what is stored now as it is at a time, and is asked at most `steps` +
/// 1 times.
int64_t FirstTimeOver(const SweepLimits& limits, int64_t now, int64_t latest, int steps,
                      const std::function<StoredBytes(int64_t time)>& stored_at);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_SWEEP_PLAN_H_

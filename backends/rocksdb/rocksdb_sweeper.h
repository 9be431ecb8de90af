#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_SWEEPER_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_SWEEPER_H_

#include <rocksdb/db.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "backends/rocksdb/rocksdb_counters.h"
#include "backends/rocksdb/rocksdb_family.h"
#include "backends/rocksdb/rocksdb_sweep_plan.h"
#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// Rewrites table files of which much has expired, each in its level, on a thread of its own that the first Request
/// starts: compactions come by on their own only where there are writes. Called by the owner's thread.
class Sweeper {
 public:
  /// Both outlive this. `target_file_bytes`: of what is written.
  Sweeper(::rocksdb::DB& db, JobCounters& counters, uint64_t target_file_bytes, bool can_sweep)
      : db_(db), counters_(counters), target_file_bytes_(target_file_bytes), can_sweep_(can_sweep) {}
  ~Sweeper() { Stop(); }
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  enum class Reason : uint8_t {
    kDue,    ///< Do what is needed to keep expired bytes few, and no more.
    kAsked,  ///< Rewrite every file that is worth it.
  };
  /// Looks at the family's files soon. False when that was to be done already. REQUIRES: it has a FamilyTtl that is
  /// started.
  bool Request(FamilyPtr family, Reason reason);
  /// What failed since the last call, if anything did.
  Status TakeFailure();
  /// Until as little of the family has expired by `now` as is promised, or all that was requested of it is done; but no
  /// longer than `most`.
  void WaitForPromise(const Family& family, int64_t now, std::chrono::nanoseconds most);
  /// Until all that was requested is done.
  void Wait();
  /// What was requested is forgotten. REQUIRES: jobs of RocksDB that run are cancelled. Nothing is done afterwards.
  void Stop();

 private:
  struct Requested {
    FamilyPtr family;
    Reason reason;
  };

  void Run();
  Status Sweep(const Family& family, Reason reason);
  struct LiveFile {
    std::string name;
    int level = 0;
    int output_level = 0;
    bool busy = false;
    const FamilyTtl::KnownFile* known = nullptr;
  };
  /// Of those whose times could be learned.
  std::vector<LiveFile> Look(const Family& family);
  Status Remove(const Family& family, const SweepPlan& plan, int64_t now);
  /// Lets the owner go on until what is stored has expired by more than is promised, and to `earliest` at least.
  void Promise(const Family& family, const std::vector<LiveFile>& files, int64_t now, int64_t earliest);
  Status Rewrite(const Family& family, const SweepPlan::Job& job, int64_t now);
  bool stopping();
  bool IsPending(const Family& family) const;

  ::rocksdb::DB& db_;
  JobCounters& counters_;
  const uint64_t target_file_bytes_;
  const bool can_sweep_;

  std::mutex mutex_;  // Guards all that follows.
  std::condition_variable changed_;
  std::deque<Requested> queue_;
  const Family* busy_ = nullptr;  ///< What is swept now.
  bool stop_ = false;
  Status failure_;
  std::thread thread_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_SWEEPER_H_

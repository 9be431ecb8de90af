#ifndef KVSTATE_BACKENDS_SNAPSHOT_COSTS_JOB_H_
#define KVSTATE_BACKENDS_SNAPSHOT_COSTS_JOB_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/checkpoint_store.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"

namespace kvstate::snapshot_costs {

/// Ends the program, saying why, unless the call succeeded.
void Check(const Status& status);
template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

/// Nanoseconds that `work` takes.
uint64_t TimeOf(const std::function<void()>& work);
/// Of processor time, that this thread has taken.
uint64_t ThreadNanoseconds();

/// A directory of this program's own, under the one for temporary files, removed at the end of its life.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  /// Nanoseconds that writing a file of so many bytes takes, fsync included: from a file that was read before.
  uint64_t TimeOfCopying(uint64_t bytes) const;

 private:
  std::string path_;
};

/// How much state there is: entries of one value state.
struct Shape {
  uint64_t entries = 1'000'000;
  size_t key_bytes = 8;  ///< As encoded; 8, or more.
  size_t value_bytes = 100;
};

/// One parallel instance of a job with one value state, on any backend, and the checkpoints of it.
class Job {
 public:
  struct Place {
    std::string backend;
    std::string directory;
    uint32_t parallelism = 1;
    uint32_t index = 0;
  };
  Job(const Place& place, const Shape& shape);

  KeyedStateBackend& backend() { return backend_.backend(); }
  Snapshots& snapshots() { return *GetExtension<Snapshots>(backend_.backend()); }
  /// Asks for the state, which after a restore is when its entries are the backend's.
  void OpenState();
  /// Puts the entries of its key groups.
  void Load();
  /// One update, or read, of a random key.
  void Update();
  void Read();
  /// Bytes of an entry, as composite key and value: what an increment has to write at least.
  uint64_t EntryBytes() const;

 private:
  void SetKey(uint64_t number);
  uint64_t Random();

  const Shape shape_;
  KeyedBackend<std::string> backend_;
  std::unique_ptr<ValueState<std::string>> state_;
  std::string key_;
  std::string value_;
  uint64_t random_ = 88172645463325252ull;
};

/// Runs a snapshot to its end, and has it confirmed.
struct Checkpointed {
  uint64_t synchronous_ns = 0;
  SnapshotResult result;
};
Checkpointed TakeCheckpoint(Job& job, CheckpointStore& store, SnapshotKind kind);

/// The `share`th part of the sorted numbers: 0.5 is the median. REQUIRES: not empty.
double Quantile(std::vector<double> numbers, double share);

}  // namespace kvstate::snapshot_costs

#endif  // KVSTATE_BACKENDS_SNAPSHOT_COSTS_JOB_H_

#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_BACKGROUND_COMPACTION_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_BACKGROUND_COMPACTION_H_

#include <leveldb/db.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace kvstate::backends::leveldb {

/// A flush of LevelDB's memory, or a compaction of a range of it, that its owner does not wait for. LevelDB does the
/// work on a thread of its own and takes writes meanwhile, but who asks for it has to wait until it is done; so a
/// thread does. Owner's thread.
class BackgroundCompaction {
 public:
  /// `slice_bytes`: of table files, about as much of a range as is compacted at once, and has to be waited for by Stop.
  explicit BackgroundCompaction(uint64_t slice_bytes = uint64_t{32} << 20) : slice_bytes_(slice_bytes) {}
  ~BackgroundCompaction() { Stop(); }

  /// Both begin nothing, and say so by false, while one is on. `db` lives until Stop. A failure is what LevelDB answers
  /// to later writes.
  bool Flush(::leveldb::DB& db);
  /// Of the keys that start with `prefix`; a flush as well.
  bool CompactPrefix(::leveldb::DB& db, std::string prefix);
  /// Leaves the rest of a range, and returns when none is on.
  void Stop();
  /// Waits until none is on.
  void Wait();

 private:
  bool Start(std::function<void()> work);
  /// The keys with that prefix followed by 4 bytes from `first` up to `last`.
  void CompactSlices(::leveldb::DB& db, const std::string& prefix, uint64_t first, uint64_t last);

  const uint64_t slice_bytes_;
  std::thread thread_;
  std::atomic<bool> on_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_BACKGROUND_COMPACTION_H_

#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_BACKGROUND_FLUSH_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_BACKGROUND_FLUSH_H_

#include <leveldb/db.h>

#include <atomic>
#include <thread>

namespace kvstate::backends::leveldb {

/// A flush of LevelDB's memory that its owner does not wait for. LevelDB takes writes to new memory while it flushes
/// the old one, but who asks for a flush has to wait until it is done; so a thread does. Owner's thread.
class BackgroundFlush {
 public:
  ~BackgroundFlush() { Wait(); }

  /// Nothing while one is on. `db` lives until Wait. A failure is what LevelDB answers to later writes.
  void Start(::leveldb::DB& db);
  /// Until none is on.
  void Wait();

 private:
  std::thread thread_;
  std::atomic<bool> on_{false};
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_BACKGROUND_FLUSH_H_

#include "backends/leveldb/leveldb_background_flush.h"

#include <system_error>

namespace kvstate::backends::leveldb {

void BackgroundFlush::Start(::leveldb::DB& db) {
  if (on_.load(std::memory_order_acquire)) return;
  Wait();
  on_.store(true, std::memory_order_relaxed);
  try {
    thread_ = std::thread([this, &db] {
      // Before every key: there is nothing else to compact.
      const ::leveldb::Slice nothing("", 0);
      db.CompactRange(&nothing, &nothing);
      on_.store(false, std::memory_order_release);
    });
  } catch (const std::system_error&) {
    // No thread is to be had now: memory is flushed when it is full, as ever.
    on_.store(false, std::memory_order_relaxed);
  }
}

void BackgroundFlush::Wait() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace kvstate::backends::leveldb

#include "backends/leveldb/leveldb_background_compaction.h"

#include <system_error>
#include <utility>

#include "backends/common/composite_key.h"

namespace kvstate::backends::leveldb {

namespace {

constexpr uint64_t kBoundaries = uint64_t{1} << 32;

/// The first key of those with `prefix` whose next 4 bytes are at least `at`; behind all of them for kBoundaries.
std::string BoundaryOf(const std::string& prefix, uint64_t at) {
  std::string key;
  if (at == kBoundaries) {
    UpperBoundOfPrefix(prefix, &key);
    return key;
  }
  key = prefix;
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(at >> shift & 0xff));
  return key;
}

}  // namespace

bool BackgroundCompaction::Flush(::leveldb::DB& db) {
  return Start([&db] {
    // Before every key: there is nothing else to compact.
    const ::leveldb::Slice nothing("", 0);
    db.CompactRange(&nothing, &nothing);
  });
}

bool BackgroundCompaction::CompactPrefix(::leveldb::DB& db, std::string prefix) {
  return Start([this, &db, prefix = std::move(prefix)] { CompactSlices(db, prefix, 0, kBoundaries); });
}

bool BackgroundCompaction::Start(std::function<void()> work) {
  if (on_.load(std::memory_order_acquire)) return false;
  Wait();
  on_.store(true, std::memory_order_relaxed);
  try {
    thread_ = std::thread([this, work = std::move(work)] {
      work();
      on_.store(false, std::memory_order_release);
    });
  } catch (const std::system_error&) {
    // No thread is to be had now: memory is flushed when it is full, as ever.
    on_.store(false, std::memory_order_relaxed);
    return false;
  }
  return true;
}

void BackgroundCompaction::CompactSlices(::leveldb::DB& db, const std::string& prefix, uint64_t first, uint64_t last) {
  if (stopping_.load(std::memory_order_relaxed)) return;
  const std::string begin = BoundaryOf(prefix, first);
  const std::string end = BoundaryOf(prefix, last);
  const ::leveldb::Slice from(begin);
  const ::leveldb::Slice to(end);
  if (last - first > 1 && !end.empty()) {
    const ::leveldb::Range range(from, to);
    uint64_t bytes = 0;
    db.GetApproximateSizes(&range, 1, &bytes);
    if (bytes > slice_bytes_) {
      const uint64_t middle = first + (last - first) / 2;
      CompactSlices(db, prefix, first, middle);
      CompactSlices(db, prefix, middle, last);
      return;
    }
  }
  db.CompactRange(&from, end.empty() ? nullptr : &to);
}

void BackgroundCompaction::Stop() {
  stopping_.store(true, std::memory_order_relaxed);
  Wait();
  stopping_.store(false, std::memory_order_relaxed);
}

void BackgroundCompaction::Wait() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace kvstate::backends::leveldb

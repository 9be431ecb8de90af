#include "backends/rocksdb/rocksdb_write_sample.h"

#include <xxhash.h>

#include <algorithm>

#include "backends/common/ttl_filter.h"

namespace kvstate::backends::rocksdb {

void WriteSample::Put(ByteView key, size_t bytes, const Clock& clock) {
  const uint64_t hash = XXH3_64bits(key.data(), key.size());
  if (!IsChosen(hash)) [[likely]]
    return;
  written_[hash] = {clock.NowMillis(), bytes, mask_ + 1};
  if (written_.size() > kMostKeys) Thin();
}

void WriteSample::Delete(ByteView key) {
  const uint64_t hash = XXH3_64bits(key.data(), key.size());
  // Also one that was chosen when more were.
  if (IsChosen(hash)) written_.erase(hash);
}

void WriteSample::Thin() {
  mask_ = 2 * mask_ + 1;
  std::erase_if(written_, [this](const auto& entry) { return !IsChosen(entry.first); });
  for (auto& [hash, written] : written_) written.stands_for = std::max(written.stands_for, mask_ + 1);
}

uint64_t WriteSample::LiveBytes(int64_t ttl_millis, int64_t now) {
  uint64_t bytes = 0;
  std::erase_if(written_, [&](const auto& entry) {
    if (IsExpired(entry.second.time, ttl_millis, now)) return true;
    bytes += entry.second.bytes * entry.second.stands_for;
    return false;
  });
  // Those written before go on standing for more.
  if (written_.size() < kFewKeys) mask_ /= 2;
  return bytes;
}

}  // namespace kvstate::backends::rocksdb

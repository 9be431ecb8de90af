#include "workloads/output_digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace kvstate::workloads {

void OutputDigest::Add(ByteView row) {
  value_ = XXH3_64bits_withSeed(row.data(), row.size(), value_);
  ++rows_;
}

uint64_t HashEvent(int64_t time_ms, ByteView key, ByteView value) {
  const uint64_t of_key = XXH3_64bits_withSeed(key.data(), key.size(), static_cast<uint64_t>(time_ms));
  return XXH3_64bits_withSeed(value.data(), value.size(), of_key);
}

}  // namespace kvstate::workloads

#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_WRITE_SAMPLE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_WRITE_SAMPLE_H_

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "kvstate/bytes.h"
#include "kvstate/clock.h"

namespace kvstate::backends::rocksdb {

/// How many bytes of keys and values live, from the writes of one time to live: whatever lives was written in it, so
/// this knows what was overwritten, which files do not tell. Keys are chosen by their hashes, so that each write of a
/// chosen key is seen, and most writes cost a hash. Not thread-safe.
class WriteSample {
 public:
  /// The value of `key` is now one of `bytes`, key included.
  void Put(ByteView key, size_t bytes, const Clock& clock);
  void Delete(ByteView key);
  /// Of values that were written through this and live at `now`. Forgets the others.
  uint64_t LiveBytes(int64_t ttl_millis, int64_t now);

 private:
  static constexpr size_t kMostKeys = 1024;
  static constexpr size_t kFewKeys = kMostKeys / 4;

  struct Written {
    int64_t time = 0;
    uint64_t bytes = 0;
    uint64_t stands_for = 1;  ///< Keys.
  };
  bool IsChosen(uint64_t hash) const { return (hash & mask_) == 0; }
  void Thin();

  uint64_t mask_ = 0;  ///< Chosen are hashes with none of these bits.
  std::unordered_map<uint64_t, Written> written_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_WRITE_SAMPLE_H_

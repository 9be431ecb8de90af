#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TTL_TIMES_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TTL_TIMES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/common/ttl_filter.h"
#include "kvstate/bytes.h"

namespace kvstate::backends::rocksdb {

/// The times of a table file's values, so that anybody can tell how much of the file has expired, whatever the time to
/// live is by then. Stored among the file's properties (docs/formats.md, "Times in RocksDB's table files").
struct TtlTimes {
  static constexpr char kProperty[] = "kvstate.ttl_times.1";

  uint64_t bytes = 0;        ///< Of all keys and values, uncompressed.
  uint64_t dated_bytes = 0;  ///< Of those that have a time.
  // Sequence numbers of the entries; none when the first is greater.
  uint64_t smallest_sequence = UINT64_MAX;
  uint64_t largest_sequence = 0;
  /// Ascending. Each stands for as many of dated_bytes, none of which is later.
  std::vector<int64_t> times;

  uint64_t ExpiredBytes(int64_t ttl_millis, int64_t now) const;
  std::string Encode() const;
  /// Nothing for bytes that are no such property.
  static std::optional<TtlTimes> Decode(ByteView encoded);
};

/// Takes samples of the times of values as they are written to a file, evenly by bytes: the file's size does not matter
/// to the memory this needs, and most values are only counted. Not thread-safe.
class TtlTimesSampler {
 public:
  /// `filter` outlives this.
  explicit TtlTimesSampler(const TtlFilter& filter) : filter_(filter) {}

  /// An entry without a time: a tombstone.
  void AddUndated(size_t bytes) { bytes_ += bytes; }
  void Add(ByteView key, ByteView stored) {
    const size_t bytes = key.size() + stored.size();
    bytes_ += bytes;
    dated_bytes_ += bytes;
    if (bytes < until_next_) [[likely]] {
      until_next_ -= bytes;
      return;
    }
    Sample(key.size(), stored);
  }
  /// To be told of every entry.
  void AddSequence(uint64_t sequence) {
    smallest_sequence_ = std::min(smallest_sequence_, sequence);
    largest_sequence_ = std::max(largest_sequence_, sequence);
  }
  TtlTimes Finish();

 private:
  void Sample(size_t key_bytes, ByteView stored);
  void Take(int64_t timestamp, size_t bytes);

  const TtlFilter& filter_;
  uint64_t bytes_ = 0;
  uint64_t dated_bytes_ = 0;
  uint64_t smallest_sequence_ = UINT64_MAX;
  uint64_t largest_sequence_ = 0;
  uint64_t step_ = 64;       ///< Bytes from one sample to the next.
  uint64_t until_next_ = 1;  ///< The first value is one.
  std::vector<int64_t> samples_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TTL_TIMES_H_

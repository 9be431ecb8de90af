#include "backends/rocksdb/rocksdb_ttl_times.h"

#include <algorithm>
#include <limits>

namespace kvstate::backends::rocksdb {

namespace {

// A sample in a thousand bytes of a small file, in some ten thousand of a large one: shares to about 1%.
constexpr size_t kMostSamples = 2048;
constexpr size_t kMostTimes = 64;

}  // namespace

uint64_t TtlTimes::ExpiredBytes(int64_t ttl_millis, int64_t now) const {
  const auto first_live =
      std::partition_point(times.begin(), times.end(), [&](int64_t time) { return IsExpired(time, ttl_millis, now); });
  if (first_live == times.begin()) return 0;
  const auto expired = static_cast<double>(first_live - times.begin());
  return static_cast<uint64_t>(static_cast<double>(dated_bytes) * expired / static_cast<double>(times.size()));
}

std::string TtlTimes::Encode() const {
  ByteWriter out;
  out.PutVarint(bytes);
  out.PutVarint(dated_bytes);
  out.PutVarint(smallest_sequence);
  out.PutVarint(largest_sequence);
  out.PutVarint(times.size());
  int64_t last = 0;
  for (size_t i = 0; i < times.size(); ++i) {
    // Unsigned: the difference of two times may be more than an int64_t holds.
    if (i == 0) out.PutFixed64(static_cast<uint64_t>(times[i]));
    if (i != 0) out.PutVarint(static_cast<uint64_t>(times[i]) - static_cast<uint64_t>(last));
    last = times[i];
  }
  return std::string(out.view());
}

std::optional<TtlTimes> TtlTimes::Decode(ByteView encoded) {
  TtlTimes decoded;
  ByteReader in(encoded);
  uint64_t count = 0;
  if (!in.ReadVarint(&decoded.bytes) || !in.ReadVarint(&decoded.dated_bytes)) return {};
  if (!in.ReadVarint(&decoded.smallest_sequence) || !in.ReadVarint(&decoded.largest_sequence)) return {};
  if (!in.ReadVarint(&count)) return {};
  if (decoded.dated_bytes > decoded.bytes || count > kMostTimes) return {};
  uint64_t time = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t step = 0;
    if (i == 0 ? !in.ReadFixed64(&time) : !in.ReadVarint(&step)) return {};
    const auto before = static_cast<int64_t>(time);
    const auto room = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - static_cast<uint64_t>(before);
    if (step > room) return {};
    time += step;
    decoded.times.push_back(static_cast<int64_t>(time));
  }
  if (!in.AtEnd()) return {};
  return decoded;
}

void TtlTimesSampler::Sample(size_t key_bytes, ByteView stored) {
  // What no state with a time to live wrote counts as never expiring.
  const Status visited = filter_.ForEachTime(stored, [&](int64_t timestamp, size_t bytes) {
    Take(timestamp, bytes + key_bytes);
    key_bytes = 0;
  });
  if (!visited.ok()) dated_bytes_ -= std::min<uint64_t>(dated_bytes_, key_bytes + stored.size());
}

void TtlTimesSampler::Take(int64_t timestamp, size_t bytes) {
  while (bytes >= until_next_) {
    bytes -= until_next_;
    samples_.push_back(timestamp);
    if (samples_.size() == kMostSamples) {
      for (size_t i = 0; i < kMostSamples / 2; ++i) samples_[i] = samples_[2 * i + 1];
      samples_.resize(kMostSamples / 2);
      step_ *= 2;
    }
    until_next_ = step_;
  }
  until_next_ -= bytes;
}

TtlTimes TtlTimesSampler::Finish() {
  TtlTimes times;
  times.bytes = bytes_;
  times.dated_bytes = dated_bytes_;
  times.smallest_sequence = smallest_sequence_;
  times.largest_sequence = largest_sequence_;
  std::sort(samples_.begin(), samples_.end());
  const size_t count = std::min(samples_.size(), kMostTimes);
  for (size_t i = 1; i <= count; ++i) times.times.push_back(samples_[i * samples_.size() / count - 1]);
  return times;
}

}  // namespace kvstate::backends::rocksdb

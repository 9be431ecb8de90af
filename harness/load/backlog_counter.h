#ifndef KVSTATE_HARNESS_LOAD_BACKLOG_COUNTER_H_
#define KVSTATE_HARNESS_LOAD_BACKLOG_COUNTER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvstate::harness {

/// The most operations of a queue that were due and had not begun at one moment. Exact up to `kSamples` of them; then
/// within a part in kSamples / 2, since memory is bounded: of each `stride_` operations one is remembered.
/// Not thread-safe.
class BacklogCounter {
 public:
  /// An operation that had to wait for those before it: from when it was due to when it began. Both never decrease from
  /// call to call. Operations that did not wait need not be told.
  void Waited(uint64_t due, uint64_t begin) {
    while (size_ > 0 && begins_[first_] <= due) {
      first_ = (first_ + 1) % kSamples;
      --size_;
    }
    if (size_ == 0) stride_ = 1;
    // All that are remembered came before this one and were still waiting when it was due.
    most_ = std::max(most_, static_cast<uint64_t>(size_) * stride_ + 1);
    if (stride_ > 1 && ++skipped_ % stride_ != 0) return;
    if (size_ == kSamples) Thin();
    begins_[(first_ + size_) % kSamples] = begin;
    ++size_;
  }
  uint64_t most() const { return most_; }

  static constexpr size_t kSamples = 65536;

 private:
  void Thin() {
    for (size_t i = 0; i < kSamples / 2; ++i) {
      begins_[(first_ + i) % kSamples] = begins_[(first_ + 2 * i + 1) % kSamples];
    }
    size_ = kSamples / 2;
    stride_ *= 2;
    skipped_ = 0;
  }

  std::vector<uint64_t> begins_ = std::vector<uint64_t>(kSamples);
  size_t first_ = 0;
  size_t size_ = 0;
  uint64_t stride_ = 1;
  uint64_t skipped_ = 0;
  uint64_t most_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_BACKLOG_COUNTER_H_

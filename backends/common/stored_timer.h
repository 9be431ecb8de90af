#ifndef KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_
#define KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_

#include <cstdint>
#include <cstring>
#include <utility>

#include "kvstate/bytes.h"

namespace kvstate::backends {

/// A timer as queues keep it: its timestamp, and its address, the composite key of key and namespace without the key
/// group (composite_key.h). Addresses of up to kInlineBytes, such as an eight-byte key without namespace, stand in the
/// object itself: what a register costs is mostly the memory that a search in a large set touches.
class StoredTimer {
 public:
  StoredTimer() : StoredTimer(0, {}) {}
  StoredTimer(int64_t timestamp, ByteView address) : timestamp_(timestamp) {
    if (address.size() <= kInlineBytes) [[likely]] {
      inline_bytes_ = static_cast<uint8_t>(address.size());
      if (!address.empty()) std::memcpy(bytes_, address.data(), address.size());
      return;
    }
    inline_bytes_ = kOutside;
    auto* const outside = new char[address.size()];
    std::memcpy(outside, address.data(), address.size());
    const size_t size = address.size();
    std::memcpy(bytes_, &outside, sizeof(outside));
    std::memcpy(bytes_ + sizeof(outside), &size, kSizeBytes);
  }
  StoredTimer(const StoredTimer& other) : StoredTimer(other.timestamp_, other.address()) {}
  StoredTimer(StoredTimer&& other) noexcept { TakeFrom(other); }
  StoredTimer& operator=(const StoredTimer& other) {
    if (this != &other) *this = StoredTimer(other);
    return *this;
  }
  StoredTimer& operator=(StoredTimer&& other) noexcept {
    if (this == &other) return *this;
    Free();
    TakeFrom(other);
    return *this;
  }
  ~StoredTimer() { Free(); }

  int64_t timestamp() const { return timestamp_; }
  ByteView address() const {
    if (inline_bytes_ != kOutside) [[likely]]
      return {bytes_, inline_bytes_};
    size_t size = 0;
    std::memcpy(&size, bytes_ + sizeof(char*), kSizeBytes);
    return {Outside(), size};
  }

  /// The order in which timers fire.
  friend bool operator<(const StoredTimer& a, const StoredTimer& b) {
    if (a.timestamp_ != b.timestamp_) [[likely]]
      return a.timestamp_ < b.timestamp_;
    return a.address() < b.address();
  }
  friend bool operator==(const StoredTimer& a, const StoredTimer& b) {
    return a.timestamp_ == b.timestamp_ && a.address() == b.address();
  }

 private:
  static constexpr size_t kInlineBytes = 15;
  static constexpr uint8_t kOutside = 0xff;
  static constexpr size_t kSizeBytes = 4;  ///< Of an address outside; it is no longer than a key and a namespace.

  char* Outside() const {
    char* at = nullptr;
    std::memcpy(&at, bytes_, sizeof(at));
    return at;
  }
  void Free() {
    if (inline_bytes_ == kOutside) [[unlikely]]
      delete[] Outside();
  }
  void TakeFrom(StoredTimer& other) {
    timestamp_ = other.timestamp_;
    inline_bytes_ = std::exchange(other.inline_bytes_, 0);
    std::memcpy(bytes_, other.bytes_, sizeof(bytes_));
  }

  int64_t timestamp_;
  char bytes_[kInlineBytes];  ///< The address; or a pointer to it, and its size.
  uint8_t inline_bytes_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_

#ifndef KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_
#define KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_

#include <bit>
#include <cstdint>
#include <cstring>

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
      SetInlineBytes(static_cast<uint8_t>(address.size()));
      if (!address.empty()) std::memcpy(words_, address.data(), address.size());
      return;
    }
    SetInlineBytes(kOutside);
    auto* const outside = new char[address.size()];
    std::memcpy(outside, address.data(), address.size());
    const size_t size = address.size();
    std::memcpy(words_, &outside, sizeof(outside));
    std::memcpy(words_ + 1, &size, kSizeBytes);
  }
  /// The same of an address of eight bytes and one, put together in registers. What is read in other pieces than it was
  /// written in has to wait for all writes before it, and those of a queue miss the caches.
  StoredTimer(int64_t timestamp, const char* eight, char last) : timestamp_(timestamp) {
    std::memcpy(words_, eight, sizeof(uint64_t));
    constexpr uint64_t kBytes = sizeof(uint64_t) + 1;
    const uint64_t byte = static_cast<uint8_t>(last);
    words_[1] = std::endian::native == std::endian::little ? byte | kBytes << 56 : byte << 56 | kBytes;
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
    if (inline_bytes() != kOutside) [[likely]]
      return {reinterpret_cast<const char*>(words_), inline_bytes()};
    size_t size = 0;
    std::memcpy(&size, words_ + 1, kSizeBytes);
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

  uint8_t inline_bytes() const { return reinterpret_cast<const uint8_t*>(words_)[kInlineBytes]; }
  void SetInlineBytes(uint8_t bytes) { reinterpret_cast<uint8_t*>(words_)[kInlineBytes] = bytes; }
  char* Outside() const {
    char* at = nullptr;
    std::memcpy(&at, words_, sizeof(at));
    return at;
  }
  void Free() {
    if (inline_bytes() == kOutside) [[unlikely]]
      delete[] Outside();
  }
  void TakeFrom(StoredTimer& other) {
    timestamp_ = other.timestamp_;
    words_[0] = other.words_[0];
    words_[1] = other.words_[1];
    other.SetInlineBytes(0);
  }

  int64_t timestamp_;
  /// The address, or a pointer to it and its size; in the last byte how many bytes of it are here.
  uint64_t words_[2] = {0, 0};
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_

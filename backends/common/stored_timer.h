#ifndef KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_
#define KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_

#include <cstdint>
#include <cstring>
#include <utility>

#include "kvstate/bytes.h"

namespace kvstate::backends {

/// A timer as queues keep it: its timestamp, and its address, the composite key of key and namespace without the key
/// group (composite_key.h). Addresses of up to kInlineBytes, which most are, stand in the object itself.
class StoredTimer {
 public:
  StoredTimer() : StoredTimer(0, {}) {}
  StoredTimer(int64_t timestamp, ByteView address)
      : timestamp_(timestamp), size_(static_cast<uint32_t>(address.size())) {
    char* at = inline_;
    if (!is_inline()) {
      at = new char[address.size()];
      std::memcpy(inline_, &at, sizeof(at));
    }
    if (!address.empty()) std::memcpy(at, address.data(), address.size());
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
  ByteView address() const { return {is_inline() ? inline_ : Outside(), size_}; }

  /// The order in which timers fire.
  friend bool operator<(const StoredTimer& a, const StoredTimer& b) {
    if (a.timestamp_ != b.timestamp_) return a.timestamp_ < b.timestamp_;
    return a.address() < b.address();
  }
  friend bool operator==(const StoredTimer& a, const StoredTimer& b) {
    return a.timestamp_ == b.timestamp_ && a.address() == b.address();
  }

 private:
  static constexpr size_t kInlineBytes = 28;

  bool is_inline() const { return size_ <= kInlineBytes; }
  char* Outside() const {
    char* at = nullptr;
    std::memcpy(&at, inline_, sizeof(at));
    return at;
  }
  void Free() {
    if (!is_inline()) [[unlikely]]
      delete[] Outside();
  }
  void TakeFrom(StoredTimer& other) {
    timestamp_ = other.timestamp_;
    size_ = other.size_;
    std::memcpy(inline_, other.inline_, sizeof(inline_));
    other.size_ = 0;
  }

  int64_t timestamp_;
  uint32_t size_;
  char inline_[kInlineBytes];  ///< The address, or a pointer to it.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_STORED_TIMER_H_

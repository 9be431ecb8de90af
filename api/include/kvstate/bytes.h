#ifndef KVSTATE_BYTES_H_
#define KVSTATE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// Bytes that somebody else owns. Compared as unsigned bytes, shorter first when one is a prefix of the other: the
/// order in which every backend iterates user keys.
using ByteView = std::string_view;

/// The longest canonical key, namespace or user key, in bytes, on every backend: state that one backend takes, all
/// take.
inline constexpr size_t kMaxKeyBytes = 64 * 1024 - 1;
/// The longest serialized value, list or map value, in bytes, on every backend.
inline constexpr size_t kMaxValueBytes = size_t{1} << 30;

inline uint32_t ToBigEndian(uint32_t v) { return __builtin_bswap32(v); }
inline uint64_t ToBigEndian(uint64_t v) { return __builtin_bswap64(v); }
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "kvstate writes big-endian integers from little-endian machines only"
#endif

/// An append-only buffer that serializers write to. Reused between calls, it allocates only while it grows.
///
/// Not thread-safe. Pointers and views into it are valid until the next write, Clear or destruction.
class KVSTATE_EXPORT ByteWriter {
 public:
  ByteWriter() noexcept : data_(inline_), capacity_(sizeof(inline_)) {}
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;
  ~ByteWriter();

  size_t size() const { return size_; }
  ByteView view() const { return {data_, size_}; }
  /// Forgets the bytes, keeps the memory.
  void Clear() { size_ = 0; }
  /// Keeps the first `size` bytes. REQUIRES: size <= this->size().
  void Truncate(size_t size) { size_ = size; }

  /// Makes room for `n` more bytes, counts them as written and returns where they go.
  char* Extend(size_t n) {
    if (n > capacity_ - size_) [[unlikely]]
      Grow(n);
    char* at = data_ + size_;
    size_ += n;
    return at;
  }

  void PutByte(uint8_t v) { *Extend(1) = static_cast<char>(v); }
  /// Big-endian, as Flink writes numbers.
  void PutFixed16(uint16_t v) {
    char* at = Extend(2);
    at[0] = static_cast<char>(v >> 8);
    at[1] = static_cast<char>(v);
  }
  void PutFixed32(uint32_t v) {
    v = ToBigEndian(v);
    std::memcpy(Extend(4), &v, 4);
  }
  void PutFixed64(uint64_t v) {
    v = ToBigEndian(v);
    std::memcpy(Extend(8), &v, 8);
  }
  /// LEB128: seven bits a byte, low ones first; 1 to 10 bytes.
  void PutVarint(uint64_t v) {
    while (v >= 0x80) {
      PutByte(static_cast<uint8_t>(v | 0x80));
      v >>= 7;
    }
    PutByte(static_cast<uint8_t>(v));
  }
  void PutBytes(ByteView v) {
    if (!v.empty()) std::memcpy(Extend(v.size()), v.data(), v.size());
  }
  /// PutVarint(size), then the bytes.
  void PutLengthPrefixed(ByteView v) {
    PutVarint(v.size());
    PutBytes(v);
  }

 private:
  void Grow(size_t n);

  char* data_;
  size_t size_ = 0;
  size_t capacity_;
  char inline_[40];  // Most keys and small values never allocate.
};

/// A bounds-checked cursor over bytes. Each Read returns false, and moves nothing, when the bytes do not hold it.
class KVSTATE_EXPORT ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()), begin_(bytes.data()) {}

  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  size_t position() const { return static_cast<size_t>(at_ - begin_); }
  bool AtEnd() const { return at_ == end_; }
  ByteView rest() const { return {at_, remaining()}; }

  [[nodiscard]] bool ReadByte(uint8_t* v) {
    if (at_ == end_) return false;
    *v = static_cast<uint8_t>(*at_++);
    return true;
  }
  [[nodiscard]] bool ReadFixed16(uint16_t* v) {
    if (remaining() < 2) return false;
    *v = static_cast<uint16_t>((static_cast<uint8_t>(at_[0]) << 8) | static_cast<uint8_t>(at_[1]));
    at_ += 2;
    return true;
  }
  [[nodiscard]] bool ReadFixed32(uint32_t* v) {
    if (remaining() < 4) return false;
    std::memcpy(v, at_, 4);
    *v = ToBigEndian(*v);
    at_ += 4;
    return true;
  }
  [[nodiscard]] bool ReadFixed64(uint64_t* v) {
    if (remaining() < 8) return false;
    std::memcpy(v, at_, 8);
    *v = ToBigEndian(*v);
    at_ += 8;
    return true;
  }
  /// Refuses encodings longer than the shortest, so that equal numbers have equal bytes.
  [[nodiscard]] bool ReadVarint(uint64_t* v);
  /// The view points into the bytes that are read.
  [[nodiscard]] bool ReadBytes(size_t n, ByteView* v) {
    if (n > remaining()) return false;
    *v = {at_, n};
    at_ += n;
    return true;
  }
  [[nodiscard]] bool ReadLengthPrefixed(ByteView* v);

  /// A DATA_LOSS status that says what could not be read, at which byte, and how many were left.
  Status Malformed(std::string_view what) const;

 private:
  const char* at_;
  const char* end_;
  const char* begin_;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_BYTES_H_
